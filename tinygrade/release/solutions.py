"""Which solutions a bundle may hold: those of earlier assignments, from the day on that they name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tinygrade.model import Assignment
from tinygrade.release import tree
from tinygrade.release.tree import Tree

#: The folder of a bundle's course that takes the place of the reference.
FOLDER = "released"


def files(assignments: Sequence[Assignment], own: Assignment | None, today: date) -> tuple[str, ...]:
    """Files of the package whose solution may be in a bundle of these `assignments`.

    A file may belong to several assignments: it is released with the last of them. Nothing of the assignment that
    the bundle is made for (`own`), and nothing of a later one, is ever released by it.
    """
    order = assignments[0].course.assignments
    open_ids = {a.id for a in assignments if _is_released(a, today)}
    if own is not None:
        open_ids -= set(order[order.index(own.id) :])
    closed = {file for a in assignments if a.id not in open_ids for file in a.files}
    return tuple(sorted({file for a in assignments if a.id in open_ids for file in a.files} - closed))


def _is_released(assignment: Assignment, today: date) -> bool:
    return assignment.release.solution is not None and assignment.release.solution <= today


def read(assignment: Assignment, names: Sequence[str]) -> Tree:
    """These files of the solution, as they lie in a bundle's course."""
    course = assignment.course
    return tree.read(course.reference / course.package, f"{FOLDER}/{course.package}", names)
