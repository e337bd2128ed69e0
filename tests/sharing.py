"""Gradings of tests that share a sandbox, as those of an audit do: starting one is half of what a small grading costs.

Only where neither isolation nor sandbox is what is tried, and where the course is not changed: see `_is_ordinary`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tinygrade.events import Event
from tinygrade.grading import run
from tinygrade.grading.child import Child, Process
from tinygrade.grading.forkserver import Forkserver
from tinygrade.grading.run import Job
from tinygrade.grading.series import Series
from tinygrade.model import Report

#: Assignments whose sandboxes are kept: a test file is about one or two.
KEPT = 2


class Sharing:
    """Starts gradings as `grading.run.start` does.

    Args:
        course: folder of the course whose gradings may share.
    """

    def __init__(self, server: Forkserver, course: Path) -> None:
        self._server, self._course = server, course
        self._start = run.start
        self._series: dict[str, Series] = {}

    def start(
        self, job: Job, server: Forkserver | None = None, on_start: Callable[[Process], None] = lambda process: None
    ) -> Child | _Turn:
        if server is not None or not self._is_ordinary(job):
            return self._start(job, server or self._server, on_start)
        name = job.assignment.id
        series = self._series.pop(name, None) or Series(job, self._server)
        self._series[name] = series  # as the last one that was used
        while len(self._series) > KEPT:
            self._end(next(iter(self._series)))
        on_start(series.process)
        series.start(job)
        return _Turn(series, lambda: self._cut(name, series))

    def _cut(self, name: str, series: Series) -> None:
        if self._series.get(name) is series:
            del self._series[name]
        series.close()

    def _end(self, name: str) -> None:
        with self._series.pop(name):  # so that it ends by itself, and what it cost is counted
            pass

    def _is_ordinary(self, job: Job) -> bool:
        plain = (job.isolation, job.sandbox, job.record, job.recording) == ("auto", "", None, None)
        return plain and job.assignment.course.root == self._course

    def close(self) -> None:
        for name in list(self._series):
            self._end(name)


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
