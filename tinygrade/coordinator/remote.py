"""The part of grading elsewhere that runs there: in a process of a cluster, which is told everything in bytes.

A process is prepared once: the course is unpacked, versions are compared, the isolation is measured. Then it grades as
the command does on one machine, by the same code: each submission in a child of its own, confined in the same way.
"""

from __future__ import annotations

import importlib.metadata
import io
import json
import shutil
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Any

from tinygrade import __version__, config, plugins
from tinygrade.coordinator.fingerprint import fingerprint
from tinygrade.coordinator.grader import Grader, nothing
from tinygrade.coordinator.machine import measured
from tinygrade.errors import TinygradeError
from tinygrade.executor import Outcome, Task
from tinygrade.grading.run import Reuse
from tinygrade.isolation import refusal

#: In a parcel: what to do, and the folder of what to do it with.
JOB, CONTENT = "job.json", "content"

_lock = threading.Lock()
_prepared: dict[str, _Prepared] = {}


def prepare(key: str, common: bytes) -> str:
    """Get ready to grade; "" when this process can, else why it cannot, in one line."""
    with _lock:
        if key in _prepared:
            return ""
        ready = _Prepared()
        try:
            problem = ready.open(common)
        except (TinygradeError, OSError) as error:
            problem = str(error).splitlines()[0]
        if problem:
            ready.close()
        else:
            _prepared[key] = ready
        return problem


def grade(key: str, parcel: bytes) -> str:
    """Grade one submission; "" when this process is not prepared."""
    with _lock:
        ready = _prepared.get(key)
    if ready is None:
        return ""
    try:
        return json.dumps(_to_json(ready.grade(parcel)))
    except TinygradeError as error:
        return json.dumps({"error": type(error).__name__, "message": str(error)})


def end(key: str) -> None:
    """End what runs, and leave nothing behind."""
    with _lock:
        ready = _prepared.pop(key, None)
    if ready is not None:
        ready.close()


def versions() -> dict[str, str]:
    """What a score may depend on besides the course: equal on both sides, or nothing is graded."""
    import numpy

    found = {"tinygrade": __version__, "numpy": numpy.__version__}
    for entry in importlib.metadata.entry_points(group=plugins.ENTRY_POINTS):
        found[f"the plugin {entry.name}"] = entry.dist.version if entry.dist else "?"
    return found


class _Prepared:
    """One course in this process."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tinygrade-course-", ignore_cleanup_errors=True)
        self._grader: Grader | None = None
        self._previous: dict[str, Reuse] = {}

    def open(self, common: bytes) -> str:
        """Unpack and compare; why nothing can be graded here, or ""."""
        root = Path(self._folder.name)
        job = _unpacked(common, root)
        if problem := _differing(job["versions"], versions()):
            return problem
        manager = plugins.make_plugin_manager(warn=lambda _: None)
        course = config.load_course(root / CONTENT / job["course"])
        plugins.load_course_plugin(manager, course)
        assignment = config.load_assignment(course, job["assignment"])
        if fingerprint(assignment) != job["fingerprint"]:
            return "the course is another one there: paths in course.toml must be relative"
        if problem := refusal(measured(assignment, manager), assignment.minimum_isolation):
            return problem
        self._grader = Grader(
            assignment,
            manager,
            **{name: job[name] for name in ("seed", "secret", "deadline", "prints")},
            previous=lambda student: self._previous.pop(student, nothing(student)),
        )
        return ""

    def grade(self, parcel: bytes) -> Outcome:
        assert self._grader is not None
        folder = Path(tempfile.mkdtemp(prefix="tinygrade-parcel-"))
        try:
            job = _unpacked(parcel, folder)
            self._previous[job["student"]] = Reuse({}, job["report"], job["run"])
            return self._grader(Task(job["student"], str(folder / CONTENT), job["sha256"]))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        if self._grader is not None:
            self._grader.close()
        self._folder.cleanup()


def _unpacked(data: bytes, into: Path) -> dict[str, Any]:
    """The job; what it works on is written to `into`. The job itself is not: it holds the secret of the assignment."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(into, [name for name in archive.namelist() if name != JOB])
        job: dict[str, Any] = json.loads(archive.read(JOB))
    return job


def _differing(wanted: dict[str, str], found: dict[str, str]) -> str:
    """Read where the command runs: this is `there`."""
    for name in sorted({*wanted, *found}):
        if wanted.get(name) != found.get(name):
            return f"{name} is {found.get(name, 'missing')} there, and {wanted.get(name, 'missing')} here"
    return ""


def _to_json(outcome: Outcome) -> dict[str, Any]:
    report = outcome.report.to_json() if outcome.report is not None else None
    return {"kind": outcome.kind, "problem": outcome.problem, "seconds": outcome.seconds, "report": report}
