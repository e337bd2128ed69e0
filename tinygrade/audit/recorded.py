"""The same submissions graded with the solution and with a record of it: where do the two differ?"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinygrade.audit.plan import Trial
from tinygrade.audit.run import Trials
from tinygrade.grading import recording
from tinygrade.model import Assignment, CheckResult, Report


@dataclass(frozen=True)
class Comparison:
    """Both gradings of one submission."""

    name: str
    #: One line each, check by check.
    problems: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        if self.problems:
            yield self.name
            yield from (f"   {difference}" for difference in self.problems)


class Both(Trials[Comparison]):
    """Grades each trial twice, on the same inputs.

    Args:
        record: of the assignment, for the seed of these gradings.
    """

    def __init__(self, assignment: Assignment, record: Path, *, seed: int, **options: Any) -> None:
        super().__init__(assignment, seed=seed, **options)
        self._record = record

    def gradings(self, trial: Trial) -> list[dict[str, Any]]:
        return [{"shared_inputs": True}, {"recorded": self._record}]

    def judged(self, trial: Trial, reports: Sequence[Report]) -> Comparison:
        return Comparison(trial.name, tuple(differences(*reports)))

    def failed(self, trial: Trial, message: str) -> Comparison:
        return Comparison(trial.name, (f"no report: {message}",))


def compare(
    assignment: Assignment,
    trials: Sequence[Trial],
    *,
    seed: int,
    jobs: int,
    on_done: Callable[[Any], None] = lambda comparison: None,
    **options: Any,
) -> list[Comparison]:
    """Record the solution for this seed, and grade every trial with and without it.

    Raises:
        UserError, RefusedError: the course or this system stops any grading.
    """
    work = Path(tempfile.mkdtemp(prefix="tinygrade-record-"))
    try:
        record = recording.record(assignment, [seed], work)
        return Both(assignment, record, seed=seed, **options).run(trials, jobs, on_done)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def differences(live: Report, recorded: Report) -> Iterator[str]:
    """Checks whose status, points or diagnosis is another one, and another decision about earlier assignments."""
    theirs = {check.id: check for check in recorded.checks}
    for check in live.checks:
        other = theirs.get(check.id)
        mine, found = _told(check), "nothing" if other is None else _told(other)
        if mine != found:
            message = " ".join(other.message.split())[:200] if other is not None else ""
            yield f"{check.id}: {mine}; recorded: {found}" + (f" ({message})" if message else "")
    if live.swaps != recorded.swaps:
        yield f"swaps {[_swap(s) for s in live.swaps]}; recorded: {[_swap(s) for s in recorded.swaps]}"


def _told(check: CheckResult) -> str:
    code = f", {check.diagnosis.code}" if check.diagnosis else ""
    return f"{check.status}, {check.points:g} points{code}"


def _swap(swap: Any) -> str:
    return f"{swap.assignment} {swap.source} {swap.reason}".strip()
