"""A grading that waits for the word: everything is loaded and the isolation measured before there is anything to grade.

Whoever saves a file then waits for the checks alone, and not for what comes before them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tinygrade.grading.child import Child, Process
from tinygrade.grading.run import message

if TYPE_CHECKING:
    from tinygrade.events import Event
    from tinygrade.grading.forkserver import Forkserver
    from tinygrade.grading.run import Job
    from tinygrade.model import Report


class Waiting:
    """One grading that is started now and reads the submission later; it ends with `grade` or `close`."""

    def __init__(self, job: Job, server: Forkserver | None = None) -> None:
        with Child(server).closed_on_error() as self._child:
            self._child.tell({**message(job, self._child.work), "waits": True})

    @property
    def process(self) -> Process:
        """What `terminate` cuts the grading with."""
        return self._child.process

    def grade(self, first: Sequence[str], smoke: bool, on_event: Callable[[Event], None]) -> Report:
        """Read the submission and run the checks; `first` and `smoke` as in a `Job`. Raises as `Child.report` does."""
        with self._child as child:
            child.tell({"first": list(first), "smoke": smoke})
            return child.report(on_event)

    def close(self) -> None:
        """End it, whatever it does. May be called twice, and after `grade`."""
        self._child.close()
