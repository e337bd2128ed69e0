"""The bundle that students get: their folder with stubs, and a course that works without the solution.

Every file is here because it is asked for; nothing is copied and then taken out.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from tinygrade import template
from tinygrade.config import ASSIGNMENT_FILE, COURSE_FILE, RECORDED
from tinygrade.errors import CourseError
from tinygrade.model import Assignment
from tinygrade.release import bundle, public, solutions, tree, wheel
from tinygrade.release.bundle import Order, below
from tinygrade.release.tree import Tree

COURSE = "assignments"
README = "README.md"
#: In the template's README: what is only for those who have no bundle.
_OTHERS = re.compile(r"(?s)<!-- without a bundle -->.*?<!-- end -->\n*")
_WORKFLOWS = {
    ".github/workflows/tinygrade.yml": "student.yml",
    ".github/workflows/other-systems.yml": "student-systems.yml",
    ".gitlab-ci.yml": "student-gitlab.yml",
}


def files(order: Order, released: tuple[str, ...], record: Tree) -> Tree:
    """The whole bundle; `record` holds the recorded reference, relative to the course's folder.

    Raises:
        CourseError: the template is not what the solution says, or a file cannot be given to students.
    """
    return {
        **_student_folder(order),
        **below(COURSE, course(order, released)),
        **below(COURSE, record),
        f"wheels/{wheel.name()}": wheel.build(),
        README: _readme(order),
        **{name: tree.filled(text, ASSIGNMENT=order.last.id) for name, text in _WORKFLOWS.items()},
    }


def course(order: Order, released: tuple[str, ...]) -> Tree:
    """The course's folder, but for the recorded reference."""
    table = bundle.course_table(order, solutions.FOLDER, recorded=RECORDED)
    files = {COURSE_FILE: table, **bundle.shared(order.course)}
    files |= below(bundle.PLUGIN, _plugin(order))
    for assignment in order.assignments:
        files |= below(assignment.id, public.files(assignment))
    return files | solutions.read(order.last, released)


def _plugin(order: Order) -> Tree:
    course = order.course
    if course.plugin is None:
        return {}
    names: dict[str, None] = {}
    for pattern in course.public_plugin:
        found = [file for file in sorted(course.plugin.glob(pattern)) if file.is_file()]
        if not found:
            raise CourseError(f"{course.root / COURSE_FILE}: `release.plugin` names {pattern!r}: no such file")
        names |= dict.fromkeys(file.relative_to(course.plugin).as_posix() for file in found)
    wanted = set(tree.files_in(course.plugin))
    return tree.read(course.plugin, "", [name for name in names if name in wanted])


def _student_folder(order: Order) -> Tree:
    folder = order.course.template
    if changed := template.is_current(order.course):
        raise CourseError(f"{folder / changed[0]}: is not what the solution says; run `tinygrade template` first")
    names = [name for name in tree.files_in(folder) if name.partition("/")[0] != ".github" and name != README]
    return tree.read(folder, "", names)


def _readme(order: Order) -> bytes:
    """What to run, and then what the course's own README says."""
    file = order.course.template / README
    text = _OTHERS.sub("", tree.content(file).decode("utf-8")) if file.is_file() else ""
    own = text.partition("\n")[2].strip() if text.startswith("# ") else text.strip()
    title = text.partition("\n")[0] if text.startswith("# ") else f"# {order.course.name}"
    return tree.filled(
        "README-student.md",
        TITLE=title,
        PACKAGE=order.course.package,
        LAST=order.last.id,
        HANDOUTS="\n".join(_row(assignment) for assignment in order.assignments),
        COURSE=own,
    )


def _row(assignment: Assignment) -> str:
    handout = f"[handout]({COURSE}/{assignment.id}/README.md)" if (assignment.root / README).is_file() else ""
    hidden = public.hidden_points(assignment)
    points = f"{assignment.points:g}" + (f", {hidden:g} of them by checks on the grader only" if hidden else "")
    return f"| `{assignment.id}` | {assignment.title} | {points} | {handout} |"


def refuse_secrets(files: Tree, order: Order) -> None:
    """Hold the bundle against what must not be in it, by name.

    Raises:
        CourseError: it holds a hidden check, an audit's file, or a part of the plugin that is not for students.
    """
    for name in files:
        parts = PurePosixPath(name).parts
        if parts[0] == COURSE and {public.HIDDEN, "mutants", "correct"}.intersection(parts):
            raise CourseError(f"the bundle would hold {name}, which is not for students")
    for assignment in order.assignments:
        text = files[f"{COURSE}/{assignment.id}/{ASSIGNMENT_FILE}"].decode()
        for group in assignment.groups:
            if public.is_hidden(group.file) and group.file in text:
                raise CourseError(f"{assignment.id}: the table for students would speak of {group.file}")
