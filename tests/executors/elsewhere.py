"""What workers do in the tests of the Dask executor, found there by name: no gradings, so that they take no time."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

from tinygrade.executor import Outcome, Shipping, Task

#: A worker with this in its environment cannot be prepared.
UNFIT = "TINYGRADE_TEST_UNFIT"


def prepare(key: str, common: bytes) -> str:
    return os.environ.get(UNFIT, "")


def grade(key: str, parcel: bytes) -> str:
    """Write down who began; then do what the source says."""
    job = json.loads(parcel)
    log = Path(job["log"])
    first = not log.exists()
    with open(log, "a") as stream:
        stream.write(f"{os.getpid()}\n")
    if job["source"] == "sleep" and first:
        time.sleep(60)
    if job["source"] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    return f"graded {job['student']}"


def end(key: str) -> None:
    pass


class Grading:
    """A `tinygrade.executor.Grade` that can only be shipped. Who graded a student stands in `folder`/student."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, task: Task) -> Outcome:
        raise AssertionError("graded here")

    def shipping(self) -> Shipping:
        return Shipping("key", b"common", self._parcel, self._outcome, prepare, grade, end)

    def _parcel(self, task: Task) -> bytes | Outcome:
        if task.source == "gone":
            return Outcome(task, "unreadable", problem="gone")
        log = str(self._folder / task.student)
        return json.dumps({"student": task.student, "source": task.source, "log": log}).encode()

    def _outcome(self, task: Task, answer: str) -> Outcome:
        assert answer == f"graded {task.student}"
        return Outcome(task, "complete")
