"""A grading that waits for the word: everything is loaded and the isolation measured before there is anything to grade.

Whoever saves a file then waits for the checks alone, and not for what comes before them.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tinygrade.grading import run

if TYPE_CHECKING:
    from tinygrade.events import Event
    from tinygrade.grading.forkserver import Forkserver
    from tinygrade.grading.run import Job, Process
    from tinygrade.model import Report


class Waiting:
    """One grading that is started now and reads the submission later; it ends with `grade` or `close`."""

    def __init__(self, job: Job, server: Forkserver | None = None) -> None:
        self._work = Path(tempfile.mkdtemp(prefix="tinygrade-"))
        message = {**run.message(job, self._work), "waits": True}
        reading, self._word = os.pipe()
        try:
            os.write(self._word, json.dumps(message).encode() + b"\n")
            self._child = run.start(message, self._work, server, os.fdopen(reading, "rb"))
        except BaseException:
            self._forget()
            raise

    @property
    def process(self) -> Process:
        """What `terminate` cuts the grading with."""
        return self._child.process

    def grade(self, first: Sequence[str], smoke: bool, on_event: Callable[[Event], None]) -> Report:
        """Read the submission and run the checks; `first` and `smoke` as in a `Job`. Raises as `run.grade` does."""
        try:
            with contextlib.suppress(BrokenPipeError):  # it has ended already, and told why
                os.write(self._word, json.dumps({"first": list(first), "smoke": smoke}).encode() + b"\n")
            return run.watched(self._child, self._work, on_event)
        finally:
            self._forget()

    def close(self) -> None:
        """End it, whatever it does. May be called twice, and after `grade`."""
        if self._word >= 0:
            self._child.events.close()
            run.end(self._child.process)
            self._forget()

    def _forget(self) -> None:
        if self._word >= 0:
            os.close(self._word)
            self._word = -1
        shutil.rmtree(self._work, ignore_errors=True)
