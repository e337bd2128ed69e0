"""Grade all trials of an audit, several at a time, each by the real grading in processes of its own."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tinygrade.audit.plan import Trial, written
from tinygrade.audit.verdict import Verdict, judge, unjudged
from tinygrade.errors import GraderError
from tinygrade.grading.forkserver import Forkserver, started
from tinygrade.grading.run import Job, Process, grade
from tinygrade.model import Assignment, Report

if TYPE_CHECKING:
    import pluggy


Judged = TypeVar("Judged")


class Trials(Generic[Judged]):
    """Runs trials of one assignment; what is made of each is said by `judged`.

    Args:
        seed: of every grading, so that an audit can be repeated.
        options: further fields of the gradings' `Job`, such as `isolation`.
    """

    def __init__(self, assignment: Assignment, manager: pluggy.PluginManager, *, seed: int, **options: Any) -> None:
        self._assignment = assignment
        self._manager = manager
        self._seed = seed
        self._options = options
        self._lock = threading.Lock()
        self._running: set[Process] = set()
        self._stopped = False
        self._server: Forkserver | None = None

    def run(
        self, trials: Sequence[Trial], jobs: int, on_verdict: Callable[[Judged], None] = lambda verdict: None
    ) -> list[Judged]:
        """The verdicts in the order of the trials; `on_verdict` gets each as it comes, in this thread.

        Raises:
            UserError, RefusedError: the course or this system stops any grading.
        """
        work = Path(tempfile.mkdtemp(prefix="tinygrade-audit-"))
        pool = ThreadPoolExecutor(jobs)
        self._server = started()
        try:
            futures = [pool.submit(self._try, trial, work) for trial in trials]
            _watch(futures, on_verdict)
            return [future.result() for future in futures]
        finally:
            self._stop()
            pool.shutdown(cancel_futures=True)
            if self._server is not None:
                self._server.close()
            shutil.rmtree(work, ignore_errors=True)

    def judged(self, trial: Trial, source: str) -> Judged:
        """What is found about a trial whose submission lies at `source`."""
        raise NotImplementedError

    def graded(self, trial: Trial, source: str, **more: Any) -> Report:
        """One grading of it; `more` are fields of its `Job`."""
        smoke, options = trial.smoke, {**self._options, **more}
        job = Job(
            self._assignment, source, self._seed, select=trial.select, budget=trial.budget, smoke=smoke, **options
        )
        return grade(job, self._manager, lambda event: None, self._started, self._server)

    def _try(self, trial: Trial, work: Path) -> Judged:
        folder = written(trial, self._assignment.course.package, work)
        try:
            return self.judged(trial, str(folder))
        finally:
            if folder.parent == work:
                shutil.rmtree(folder, ignore_errors=True)

    def _started(self, process: Process) -> None:
        """Remember the grading's process, so that an interrupted audit leaves none behind."""
        with self._lock:
            self._running = {other for other in self._running if other.poll() is None} | {process}
            if self._stopped:
                process.terminate()

    def _stop(self) -> None:
        with self._lock:
            self._stopped = True
            for process in self._running:
                if process.poll() is None:
                    process.terminate()


class Audit(Trials[Verdict]):
    """Trials and what the checks made of each."""

    def judged(self, trial: Trial, source: str) -> Verdict:
        try:
            return judge(trial, self.graded(trial, source))
        except GraderError as error:
            return unjudged(trial, str(error).strip().splitlines()[0])


def _watch(futures: Sequence[Future[Judged]], on_verdict: Callable[[Judged], None]) -> None:
    """Tell each verdict; the first error ends the wait."""
    left = set(futures)
    while left:
        # A bounded wait, so that an interrupt is seen at once on every system.
        done, left = wait(left, timeout=0.5, return_when=FIRST_COMPLETED)
        for future in done:
            on_verdict(future.result())
