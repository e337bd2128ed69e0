"""Grade all trials of an audit, several at a time, each by the real grading in processes of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from tinygrade.audit.plan import Trial, written
from tinygrade.audit.verdict import Verdict, judge, unjudged
from tinygrade.errors import GraderError, TinygradeError
from tinygrade.grading import series
from tinygrade.grading.child import Living
from tinygrade.grading.forkserver import Forkserver, started
from tinygrade.grading.run import Job, grade
from tinygrade.model import Assignment, Report
from tinygrade.threads import Threads

Judged = TypeVar("Judged")
#: The most trials that share a sandbox: all of them end with it.
SERIES = 24


class Trials(Generic[Judged]):
    """Runs trials of one assignment; what is made of each is said by `judged`.

    Args:
        seed: of every grading, so that an audit can be repeated.
        options: further fields of the gradings' `Job`, such as `isolation`.
    """

    def __init__(self, assignment: Assignment, *, seed: int, **options: Any) -> None:
        self._assignment = assignment
        self._seed = seed
        self._options = options
        self._living = Living()
        self._server: Forkserver | None = None

    def run(
        self, trials: Sequence[Trial], jobs: int, on_verdict: Callable[[Judged], None] = lambda verdict: None
    ) -> list[Judged]:
        """The verdicts in the order of the trials; `on_verdict` gets each as it comes, in this thread.

        Raises:
            UserError, RefusedError: the course or this system stops any grading.
        """
        work = Path(tempfile.mkdtemp(prefix="tinygrade-audit-"))
        threads: Threads[range, tuple[int, Judged]] = Threads(jobs)
        found: dict[int, Judged] = {}
        try:
            self._server = started()
            for number, verdict in threads.run(_shares(len(trials), jobs), partial(self._try, trials, work)):
                found[number] = verdict
                on_verdict(verdict)
            return [found[number] for number in range(len(trials))]
        finally:
            self._living.stop()
            threads.close()
            if self._server is not None:
                self._server.close()
            shutil.rmtree(work, ignore_errors=True)

    def gradings(self, trial: Trial) -> list[dict[str, Any]]:
        """What a trial is graded with: fields of the `Job` of each grading."""
        return [{}]

    def judged(self, trial: Trial, reports: Sequence[Report]) -> Judged:
        """What is found about a trial with these reports, one for each of its gradings."""
        raise NotImplementedError

    def failed(self, trial: Trial, message: str) -> Judged:
        """What is found about a trial of which a report is missing."""
        raise NotImplementedError

    def _try(self, trials: Sequence[Trial], work: Path, share: range) -> Iterator[tuple[int, Judged]]:
        """The number and the verdict of each trial of the share, as it comes."""
        folders = [written(trials[number], self._assignment.course.package, work) for number in share]
        pairs = [(trials[number], folder) for number, folder in zip(share, folders, strict=True)]
        try:
            with closing(self._graded([job for pair in pairs for job in self._jobs(*pair)])) as outcomes:
                for number in share:
                    of_this = [next(outcomes) for _ in self.gradings(trials[number])]
                    yield number, self._judged(trials[number], of_this)
                next(outcomes, None)  # so that the process ends by itself, in order
        finally:
            for folder in folders:
                if folder.parent == work:
                    shutil.rmtree(folder, ignore_errors=True)

    def _jobs(self, trial: Trial, folder: Path) -> Iterator[Job]:
        for more in self.gradings(trial):
            chosen = {"select": trial.select, "quick": trial.quick, "budget": trial.budget, "smoke": trial.smoke}
            yield Job(self._assignment, str(folder), self._seed, **{**chosen, **self._options, **more})

    def _judged(self, trial: Trial, outcomes: Sequence[Report | TinygradeError]) -> Judged:
        for outcome in outcomes:
            if isinstance(outcome, GraderError):
                return self.failed(trial, str(outcome).strip().splitlines()[0])
            if isinstance(outcome, TinygradeError):
                raise outcome
        return self.judged(trial, [outcome for outcome in outcomes if isinstance(outcome, Report)])

    def _graded(self, jobs: Sequence[Job]) -> Generator[Report | TinygradeError]:
        """The outcome of each job: all on one sandbox where gradings can be forked."""
        if self._server is not None:
            yield from series.grade(jobs, self._server, self._living.add)
            return
        for job in jobs:
            try:
                yield grade(job, lambda event: None, self._living.add)
            except TinygradeError as error:
                yield error


class Audit(Trials[Verdict]):
    """Trials and what the checks made of each."""

    def judged(self, trial: Trial, reports: Sequence[Report]) -> Verdict:
        return judge(trial, reports[0])

    def failed(self, trial: Trial, message: str) -> Verdict:
        return unjudged(trial, message)


def _shares(count: int, jobs: int) -> list[range]:
    """Numbers of the trials that are graded one after the other.

    Every so many-th, because those that stand together are about as dear: so no process works on alone at the end.
    """
    shares = min(count, max(2 * jobs, -(-count // SERIES)))
    return [range(first, count, shares) for first in range(shares)]
