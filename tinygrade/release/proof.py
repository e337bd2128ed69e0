"""Prove a bundle before anybody gets it: nothing is worth points in the stubs, and the solution has all of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tinygrade import config
from tinygrade.errors import CourseError
from tinygrade.grading.run import Job, grade

if TYPE_CHECKING:
    from tinygrade.model import Assignment, Report


@dataclass(frozen=True)
class Trial:
    """One grading that a bundle must come through."""

    #: Folder of the bundle's course.
    course: Path
    assignment: str
    #: Folder that holds the package that is graded.
    source: Path
    is_solution: bool
    #: For messages: "students" or "autograder".
    bundle: str

    @property
    def title(self) -> str:
        what = "the solution has all points" if self.is_solution else "the stubs have none"
        return f"{self.bundle}: {self.assignment}: {what}"


def run(trial: Trial, seed: int) -> Report:
    """Grade it.

    Raises:
        CourseError: it does not come out as it should; the message names a check.
    """
    assignment = config.load_assignment(config.load_course(trial.course), trial.assignment)
    report = grade(Job(assignment, str(trial.source), seed), lambda event: None)
    (_refuse_lost if trial.is_solution else _refuse_gained)(trial, report)
    return report


def _refuse_lost(trial: Trial, report: Report) -> None:
    wrong = next((check for check in report.checks if not check.ok), None)
    if wrong is not None or report.score != report.max_score:
        why = f": {wrong.id} {wrong.status}: {wrong.message}" if wrong else ""
        raise CourseError(_told(trial, f"the solution has {_points(report)}{why}"))


def _refuse_gained(trial: Trial, report: Report) -> None:
    broken = next((check for check in report.checks if check.status == "grader_error"), None)
    if broken is not None:
        raise CourseError(_told(trial, f"a check cannot judge the stubs: {broken.id}: {broken.message}"))
    gained = next((check for check in report.checks if check.points > 0 or (check.ok and check.max_points > 0)), None)
    if gained is not None or report.score != 0:
        why = f": {gained.id} {gained.status}" if gained else ""
        raise CourseError(_told(trial, f"stubs are worth {_points(report)}{why}"))


def _points(report: Report) -> str:
    return "no score" if report.score is None else f"{report.score:g} of {report.max_score:g} points"


def _told(trial: Trial, problem: str) -> str:
    return f"{trial.assignment}: no bundle is written: in the one for {trial.bundle}, {problem}"


# ---- what it costs ---------------------------------------------------------------------------------


def measured(assignment: Assignment, run: Callable[[], Report]) -> tuple[Report, str]:
    """Run it, and say what the processes of that grading took; "" where the system does not tell."""
    before = _used()
    report = run()
    after = _used()
    if before is None or after is None:
        return report, ""
    return report, f"{after[0] - before[0]:.1f} s of CPU, largest process {after[1]:.0f} MB"


def _used() -> tuple[float, float] | None:
    """CPU seconds of all children so far, and MiB of the largest of them."""
    if sys.platform == "win32":
        return None
    import resource

    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux KiB
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit


def trials(bundle: str, course: Path, assignments: list[str], stubs: Path, solution: Path) -> Iterator[Trial]:
    """All gradings of one bundle."""
    for assignment in assignments:
        for source, is_solution in ((stubs, False), (solution, True)):
            yield Trial(course, assignment, source, is_solution, bundle)
