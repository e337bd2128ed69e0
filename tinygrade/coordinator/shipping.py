"""The part of grading elsewhere that runs here: course and submissions as bytes, outcomes from text.

Only bytes and text cross, never objects of ours: what the other side cannot read, it says.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrade import errors
from tinygrade.coordinator import remote
from tinygrade.coordinator.fingerprint import fingerprint
from tinygrade.coordinator.grader import Grader
from tinygrade.coordinator.remote import CONTENT, JOB, versions
from tinygrade.errors import GraderError, PluginError, SubmissionError, TinygradeError
from tinygrade.executor import Outcome, Shipping, Task
from tinygrade.grading.run import Reuse
from tinygrade.loading import load
from tinygrade.model import Assignment, Course, Report
from tinygrade.release.tree import Tree, content, files_in, zipped
from tinygrade.text import clean_line

if TYPE_CHECKING:
    import pluggy

#: Folders of a course that no grading reads.
UNREAD = ("mutants", "correct")


class ShippingGrader(Grader):
    """A grader for which other machines may stand in."""

    def shipping(self) -> Shipping:
        """How the same is done there.

        Raises:
            CourseError: a file of the course cannot be read.
        """
        assignment, manager = self._job.assignment, self._manager

        def parcel(task: Task) -> bytes | Outcome:
            return _parcel(task, assignment, manager, self._previous(task.student))

        common = zipped({JOB: self._to_do(), **course_files(assignment.course)})
        key = hashlib.sha256(common).hexdigest()
        return Shipping(key, common, parcel, outcome, remote.prepare, remote.grade, remote.end)

    def _to_do(self) -> bytes:
        assignment = self._job.assignment
        job = {
            "course": assignment.course.root.relative_to(_top(assignment.course)).as_posix(),
            "assignment": assignment.id,
            "fingerprint": fingerprint(assignment),
            "versions": versions(),
            "seed": self._job.seed,
            "secret": self._secret.hex(),
            "deadline": self._deadline,
            "prints": self._prints,
        }
        return json.dumps(job).encode()


def course_files(course: Course) -> Tree:
    """Course, solution, stubs, plugin and records, placed to each other as they are here."""
    folders = [course.root, course.reference / course.package, course.template / course.package]
    folders += [folder for folder in (course.plugin, course.recorded) if folder is not None]
    top = _top(course)
    found: Tree = {}
    for folder in folders:
        for name in files_in(folder, UNREAD):
            path = f"{CONTENT}/{(folder / name).relative_to(top).as_posix()}"
            if not any(part.startswith(".") for part in name.split("/")) and path not in found:
                found[path] = content(folder / name)
    return found


def _top(course: Course) -> Path:
    """The folder above all of a course."""
    folders = [course.root, course.reference, course.template, course.plugin, course.recorded]
    return Path(os.path.commonpath([folder for folder in folders if folder is not None]))


def _parcel(
    task: Task, assignment: Assignment, manager: pluggy.PluginManager, previous: Reuse
) -> bytes | Outcome:
    """What a loader takes of the submission; an outcome where it is no longer what it was."""
    with tempfile.TemporaryDirectory(prefix="tinygrade-parcel-") as folder:
        try:
            loaded = load(manager, task.source, assignment, Path(folder), lambda text: None)
        except (SubmissionError, PluginError) as error:
            return Outcome(task, "unreadable", problem=clean_line(str(error)))
        if loaded.sha256 != task.sha256:
            return Outcome(task, "fault", problem="it changed while it was graded; run the same command again")
        files = {f"{CONTENT}/{name}": (loaded.root / name).read_bytes() for name in loaded.files}
    job = {"student": task.student, "sha256": task.sha256, "report": previous.report, "run": previous.run}
    return zipped({JOB: json.dumps(job).encode(), **files})


def outcome(task: Task, answer: str) -> Outcome:
    """The outcome of `task` that the other side wrote.

    Raises:
        TinygradeError: no submission can be graded there; the class says whose matter it is.
    """
    values: dict[str, Any] = json.loads(answer)
    if "error" in values:
        kind = getattr(errors, values["error"], GraderError)
        error: TinygradeError = kind(values["message"])
        raise error
    report = Report.from_json(values["report"]) if values["report"] is not None else None
    if report is not None:  # it was graded from a folder that is gone
        report = replace(report, submission={**report.submission, "source": task.source})
    return Outcome(task, values["kind"], report, values["problem"], values["seconds"])
