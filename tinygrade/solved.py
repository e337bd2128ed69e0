"""Where what the checks compare with comes from: the solution, or a record of it."""

from __future__ import annotations

import os
from pathlib import Path

from tinygrade.config import RECORDED
from tinygrade.errors import CourseError
from tinygrade.model import Assignment


def record_of(assignment: Assignment) -> Path | None:
    """The record that a run of this assignment needs, or None where the solution is there or nothing is checked.

    Raises:
        CourseError: there is neither.
    """
    course = assignment.course
    if course.recorded is not None:
        return course.recorded / f"{assignment.id}.npz"
    solved = course.reference / course.package
    if assignment.groups and not os.path.isdir(solved):
        raise CourseError(f"{solved}: there is no solution, and {course.root} has no folder {RECORDED}/ instead")
    return None
