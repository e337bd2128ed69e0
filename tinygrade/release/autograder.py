"""The bundle that grades: the whole course with its solution, and what starts it on each platform."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tinygrade.config import COURSE_FILE
from tinygrade.model import Assignment
from tinygrade.release import bundle, tree, wheel
from tinygrade.release.bundle import Order, below
from tinygrade.release.tree import Tree

#: Folders of an assignment that only an audit reads.
_AUDIT = ("mutants", "correct")
#: Seconds between our own deadline and the platform's: time to write down that it came.
_SPARE = 60
#: MiB beside a worker's own: the grader, its zygote, the system. Measured with the solutions: about 100 MiB.
_GRADER_MIB = 384
#: Gradescope's sizes of containers (CPUs, MiB), and the most minutes it gives.
_SIZES = ((0.5, 768), (1.0, 1536), (2.0, 3072), (4.0, 6144))
_DEFAULT_MINUTES, _MOST_MINUTES = 10, 40


def files(order: Order, costs: Mapping[str, str]) -> Tree:
    """The whole bundle; `costs` says by assignment what grading the solution took."""
    graded = grader(order)
    found: Tree = {
        "README.md": readme(order, costs),
        **below("grader", graded),
        "Dockerfile": tree.filled("Dockerfile", ASSIGNMENT=order.last.id),
        "github/grade.yml": tree.filled("grade.yml", ASSIGNMENT=order.last.id),
        "gitlab/.gitlab-ci.yml": tree.filled("grade-gitlab.yml", ASSIGNMENT=order.last.id),
    }
    for assignment in order.assignments if order.own is None else [order.own]:
        found[f"gradescope/{assignment.id}.zip"] = tree.zipped(gradescope(assignment, graded))
    return found


def grader(order: Order) -> Tree:
    """What every platform installs: the course, tinygrade, and the versions that both were proved with."""
    return {
        **below("course", course(order)),
        f"wheels/{wheel.name()}": wheel.build(),
        "constraints.txt": wheel.constraints(),
    }


def course(order: Order) -> Tree:
    """The course's folder with its live solution and its hidden checks."""
    source = order.course
    files = {COURSE_FILE: bundle.course_table(order, bundle.REFERENCE), **bundle.shared(source)}
    if source.plugin is not None:
        files |= tree.read(source.plugin, bundle.PLUGIN, tree.files_in(source.plugin))
    for assignment in order.assignments:
        files |= tree.read(assignment.root, assignment.id, tree.files_in(assignment.root, without=_AUDIT))
    solution = source.reference / source.package
    return files | tree.read(solution, f"{bundle.REFERENCE}/{source.package}", tree.files_in(solution))


def gradescope(assignment: Assignment, graded: Tree) -> Tree:
    """The zip that is uploaded as Gradescope's autograder."""
    return {
        **graded,
        "setup.sh": tree.filled("setup.sh"),
        "run_autograder": tree.filled("run_autograder", ASSIGNMENT=assignment.id),
    }


def probe() -> Tree:
    """An autograder for Gradescope that grades nothing and shows how well this platform confines student code."""
    return {
        f"wheels/{wheel.name()}": wheel.build(),
        "constraints.txt": wheel.constraints(),
        "setup.sh": tree.filled("setup.sh"),
        "run_autograder": tree.filled("run_autograder", ASSIGNMENT="--doctor"),
    }


def readme(order: Order, costs: Mapping[str, str]) -> bytes:
    rows = [_row(assignment, costs.get(assignment.id, "")) for assignment in order.assignments]
    return tree.filled("README-autograder.md", COURSE=order.course.name, ROWS="\n".join(rows), LAST=order.last.id)


def _row(assignment: Assignment, cost: str) -> str:
    cpus, memory = size(assignment)
    return (
        f"| `{assignment.id}` | {assignment.platform.deadline:g} s | {minutes(assignment)} min "
        f"| {cpus:g} CPU, {memory} MB | {assignment.minimum_isolation} | {cost} |"
    )


def size(assignment: Assignment) -> tuple[float, int]:
    """The smallest of Gradescope's containers (CPUs, MiB) in which a worker may take what it is allowed."""
    needed = assignment.limits.memory_mib + _GRADER_MIB
    return next((size for size in _SIZES if size[1] >= needed), _SIZES[-1])


def minutes(assignment: Assignment) -> int:
    """The timeout to set on the platform: its default where that is enough."""
    return min(_MOST_MINUTES, max(_DEFAULT_MINUTES, math.ceil((assignment.platform.deadline + _SPARE) / 60)))
