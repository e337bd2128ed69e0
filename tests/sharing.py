"""Gradings of tests that share a sandbox, as those of an audit do: starting one is half of what a small grading costs.

Only where neither isolation nor sandbox is what is tried, and where the course is not changed: see `_is_ordinary`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tinygrade.events import Event
from tinygrade.grading import run
from tinygrade.grading.child import Child
from tinygrade.grading.forkserver import Forkserver
from tinygrade.grading.run import Job
from tinygrade.grading.series import Series
from tinygrade.model import Report


class Sharing:
    """Starts gradings as `grading.run.start` does.

    Args:
        course: folder of the course whose gradings may share.
    """

    def __init__(self, server: Forkserver, course: Path) -> None:
        self._server, self._course = server, course
        self._start = run.start
        self._series: dict[str, Series] = {}

    def start(self, job: Job, server: Forkserver | None = None) -> Child | _Turn:
        if server is not None or not self._is_ordinary(job):
            return self._start(job, server or self._server)
        name = job.assignment.id
        if name not in self._series:
            self._series[name] = Series(job, self._server)
        self._series[name].start(job)
        return _Turn(self._series[name], lambda: self._series.pop(name).close())

    def _is_ordinary(self, job: Job) -> bool:
        plain = (job.isolation, job.sandbox, job.record, job.recording) == ("auto", "", None, None)
        return plain and job.assignment.course.root == self._course

    def close(self) -> None:
        for series in self._series.values():
            with series:  # so that it ends by itself, and what it cost is counted
                pass


class _Turn:
    """One grading of a series, for whoever expects a process of its own."""

    def __init__(self, series: Series, end: Callable[[], None]) -> None:
        self._series, self._end = series, end
        self._reported = False
        self.process = series.process

    def report(self, on_event: Callable[[Event], None]) -> Report:
        try:
            return self._series.report(on_event)
        finally:
            self._reported = True

    def __enter__(self) -> _Turn:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        # Whoever leaves without a report leaves a grading that still runs; and one may have ended all.
        if not self._reported or self.process.poll() is not None:
            self._end()
