"""Grade a class into a gradebook: only what is not graded yet, each result stored as it arrives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from tinygrade import __version__
from tinygrade.coordinator.grader import Grader
from tinygrade.coordinator.intake import Handed, tasks
from tinygrade.errors import RefusedError
from tinygrade.executor import Executor, Outcome, Task
from tinygrade.fingerprint import fingerprint
from tinygrade.gradebook.book import Gradebook, Run
from tinygrade.isolation import Isolation, refusal
from tinygrade.model import Assignment

if TYPE_CHECKING:
    import pluggy

#: Problems that the summary lists; the gradebook has all.
LISTED = 20


class View(Protocol):
    """Whoever shows how far it is."""

    def read(self, done: int, total: int) -> None: ...
    def planned(self, total: int, kept: int) -> None: ...
    def started(self, task: Task) -> None: ...
    def finished(self, outcome: Outcome) -> None: ...


@dataclass(frozen=True)
class Settings:
    """How a class is graded."""

    #: None for the assignment's own in the gradebook.
    seed: int | None = None
    #: Keep results that still hold.
    resume: bool = True
    #: Wall seconds for one submission.
    deadline: float = 3600.0


@dataclass
class Summary:
    """What became of a class."""

    #: By kind of outcome; those that were kept count as complete.
    counts: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    #: `(student, problem)` of those without a grade, the first of them.
    problems: list[tuple[str, str]] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return not sum(self.counts.values()) - self.counts["complete"]

    def add(self, outcome: Outcome) -> None:
        self.counts[outcome.kind] += 1
        if outcome.kind != "complete" and len(self.problems) < LISTED:
            self.problems.append((outcome.task.student, outcome.problem))


def require_isolation(assignment: Assignment, isolation: Isolation) -> None:
    """Refuse before anything is graded.

    Raises:
        RefusedError: this machine isolates less than the assignment asks for.
    """
    if reason := refusal(isolation, assignment.minimum_isolation):
        raise RefusedError(reason)


def grade_class(
    assignment: Assignment,
    manager: pluggy.PluginManager,
    book: Gradebook,
    handed: Sequence[Handed],
    executor: Executor,
    settings: Settings,
    view: View,
    submitted: Mapping[str, str] | None = None,
) -> Summary:
    """Grade what is not graded yet. An interrupt leaves everything that was told as graded in the gradebook.

    Args:
        submitted: times of submission by student, ISO 8601.

    Raises:
        UserError: course, assignment or gradebook are not in order.
    """
    entry = book.entry(assignment)
    book.database.lock(f"{assignment.course.name}/{assignment.id}")
    seed = entry.seed if settings.seed is None else settings.seed
    looked_at = _looked_at(handed, assignment, manager, view.read)
    run = book.start_run(entry, fingerprint(assignment), __version__, seed)
    everything = [item.task if isinstance(item, Outcome) else item for item in looked_at]
    ids = book.hand_in(run, everything, submitted or {})
    graded = book.graded(run) if settings.resume else set()
    summary = Summary()
    summary.kept = summary.counts["complete"] = sum(ids[task.student] in graded for task in everything)
    view.planned(len(everything), summary.kept)
    for item in looked_at:
        if isinstance(item, Outcome):
            _keep(book, run, ids, item, summary, view)
    todo = [item for item in looked_at if isinstance(item, Task) and ids[item.student] not in graded]
    grader = Grader(assignment, manager, seed=seed, secret=entry.secret, deadline=settings.deadline)
    try:
        for outcome in executor.run(todo, grader, view.started):
            _keep(book, run, ids, outcome, summary, view)
    finally:
        grader.close()
        executor.close()
    book.finish_run(run)
    return summary


def _looked_at(
    handed: Sequence[Handed], assignment: Assignment, manager: pluggy.PluginManager, told: Callable[[int, int], Any]
) -> list[Task | Outcome]:
    found = []
    for number, item in enumerate(tasks(handed, assignment, manager), 1):
        found.append(item)
        told(number, len(handed))
    return found


def _keep(book: Gradebook, run: Run, ids: Mapping[str, int], outcome: Outcome, summary: Summary, view: View) -> None:
    """Stored first, then told: what was told as graded is graded."""
    book.store(run, ids[outcome.task.student], outcome)
    summary.add(outcome)
    view.finished(outcome)
