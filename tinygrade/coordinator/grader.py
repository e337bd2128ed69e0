"""Grade one submission of a class: whatever it does, it ends as one outcome, and no other is touched."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from tinygrade.errors import GraderError, PluginError, RefusedError, SubmissionError
from tinygrade.executor import Kind, Outcome, Task
from tinygrade.grading.child import Living, Process
from tinygrade.grading.forkserver import started
from tinygrade.grading.run import Job, Reuse, grade
from tinygrade.model import Assignment, Report

if TYPE_CHECKING:
    import pluggy


def nothing(student: str) -> Reuse:
    """There is no earlier result of this student's."""
    return Reuse({})


class Grader:
    """Called with a task, from any thread.

    Args:
        seed, secret: of the assignment. A submission's own secret is a keyed hash of its content, so that its grade
            depends neither on the order nor on the run in which it is graded.
        deadline: wall seconds for one submission, behind all limits of its single checks.
        here: get ready to grade on this machine; else each grading starts afresh.
        prints: what each check depends on (`apart.prints`); None: results are neither taken over nor prepared for it.
        previous: an earlier result of the same submission, by student; a result without a report when there is none.
    """

    def __init__(
        self,
        assignment: Assignment,
        manager: pluggy.PluginManager,
        *,
        seed: int,
        secret: str,
        deadline: float,
        here: bool = True,
        prints: Mapping[str, str] | None = None,
        previous: Callable[[str], Reuse] = nothing,
    ) -> None:
        minimum = assignment.minimum_isolation
        self._job = Job(assignment, "", seed, isolation="auto" if minimum == "none" else minimum)
        self._manager = manager
        self._secret = bytes.fromhex(secret)
        self._deadline = deadline
        self._prints = prints
        self._previous = previous
        self._server = started() if here else None
        self._living = Living()

    def __call__(self, task: Task) -> Outcome:
        """Grade `task`.

        Raises:
            CourseError, UsageError: no submission can be graded, because course or assignment are not in order.
        """
        start = time.monotonic()
        kind, report, problem = self._graded(task)
        return Outcome(task, kind, report, problem, time.monotonic() - start)

    def close(self) -> None:
        """End what runs; nothing more is graded."""
        self._living.stop()
        if self._server is not None:
            self._server.close()

    def _graded(self, task: Task) -> tuple[Kind, Report | None, str]:
        secret = hmac.new(self._secret, task.sha256.encode(), hashlib.sha256).hexdigest()
        reuse = replace(self._previous(task.student), prints=self._prints) if self._prints is not None else None
        job = replace(self._job, source=task.source, secret=secret, reuse=reuse)
        watch = _Watch(self._living, self._deadline)
        try:
            report = self._report(job, watch)
        except SubmissionError as error:
            return "unreadable", None, str(error)
        except RefusedError as error:
            return "refused", None, str(error)
        except (GraderError, PluginError, OSError) as error:
            if watch.passed:
                limit = f"{self._deadline:g} s"
                return "stopped", None, f"not graded, not zero: it took longer than {limit} in all (--deadline)"
            lines = str(error).strip().splitlines() or [type(error).__name__]
            return "fault", None, f"{lines[0]}{f' ({lines[-1]})' if len(lines) > 1 else ''}"
        finally:
            watch.end()
        if report.submission["sha256"] != task.sha256:
            return "fault", None, "it changed while it was graded; run the same command again"
        faults = [check.title for check in report.checks if check.status == "grader_error"]
        if faults:
            return "incomplete", report, f"not graded, not zero: a fault of the grader in {', '.join(faults)}"
        if report.score is None:  # a policy failed, and says so among the adjustments
            reasons = "; ".join(adjustment.reason for adjustment in report.adjustments)
            return "incomplete", report, f"not graded, not zero: {reasons or 'there is no score'}"
        return "complete", report, ""

    def _report(self, job: Job, watch: _Watch) -> Report:
        """The report; where results were taken over that may depend on what ran again, all of it anew."""
        report = grade(job, lambda event: None, watch.start, self._server)
        if job.reuse is None or report.fingerprints or not any(check.taken_from for check in report.checks):
            return report
        job = replace(job, reuse=Reuse(job.reuse.prints))
        return grade(job, lambda event: None, watch.start, self._server)


class _Watch:
    """Ends the process of one grading when its time is over."""

    def __init__(self, living: Living, seconds: float) -> None:
        self._living = living
        self._seconds = seconds
        self._timer: threading.Timer | None = None
        self._process: Process | None = None
        self.passed = False

    def start(self, process: Process) -> None:
        self.end()  # of one before, whose results were given up
        self._process = process
        self._living.add(process)
        self._timer = threading.Timer(self._seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._process is not None:
            self._living.remove(self._process)

    def _end(self) -> None:
        self.passed = True
        if self._process is not None:
            with suppress(OSError):
                self._process.kill()
