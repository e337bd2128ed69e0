"""Grade a class into a gradebook: only what is not graded yet, each result stored as it arrives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from tinygrade import __version__
from tinygrade.calling import Once, call
from tinygrade.checks.seeds import seed_for
from tinygrade.coordinator.apart import prints
from tinygrade.coordinator.fingerprint import fingerprint
from tinygrade.coordinator.grader import nothing
from tinygrade.coordinator.intake import Handed, tasks
from tinygrade.coordinator.prints import Prints, packed
from tinygrade.coordinator.remote import versions
from tinygrade.coordinator.shipping import ShippingGrader
from tinygrade.errors import GradebookError, RefusedError
from tinygrade.executor import Executor, Outcome, Task
from tinygrade.gradebook.alike import PrintStore
from tinygrade.gradebook.book import Entry, Gradebook, Run
from tinygrade.gradebook.standing import load_report
from tinygrade.grading.run import Reuse
from tinygrade.isolation import Isolation, refusal
from tinygrade.model import Assignment, Submission

if TYPE_CHECKING:
    import pluggy

#: Problems that the summary lists; the gradebook has all.
LISTED = 20
#: Fingerprints that are stored in one transaction.
TOGETHER = 100


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
    #: Reports with results that were taken over, and by title how often a check ran again in these.
    merged: int = 0
    again: Counter[str] = field(default_factory=Counter)

    @property
    def complete(self) -> bool:
        return not sum(self.counts.values()) - self.counts["complete"]

    def add(self, outcome: Outcome) -> None:
        self.counts[outcome.kind] += 1
        if outcome.kind != "complete" and len(self.problems) < LISTED:
            self.problems.append((outcome.task.student, outcome.problem))
        checks = outcome.report.checks if outcome.report is not None else ()
        if any(check.taken_from for check in checks):
            self.merged += 1
            self.again.update(check.title for check in checks if not check.taken_from)


def require_isolation(assignment: Assignment, isolation: Isolation) -> None:
    """Nothing is graded on a machine that isolates too little.

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
    isolation: Callable[[], Isolation],
    settings: Settings,
    view: View,
    submitted: Mapping[str, str] | None = None,
) -> Summary:
    """Grade what is not graded yet. An interrupt leaves everything that was told as graded in the gradebook.

    Args:
        isolation: measures what this machine gives; asked when there is something to grade.
        submitted: times of submission by student, ISO 8601.

    Raises:
        UserError: course, assignment or gradebook are not in order.
        RefusedError: this machine isolates less than the assignment asks for.
    """
    entry = book.entry(assignment)
    book.database.lock(f"{assignment.course.name}/{assignment.id}")
    seed = seed_for(assignment, settings.seed, entry.seed)
    looked_at = _looked_at(handed, assignment, manager, view.read, _Prints(assignment, book, entry))
    run = book.start_run(entry, fingerprint(assignment), __version__, seed)
    everything = [item.task if isinstance(item, Outcome) else item for item in looked_at]
    ids = book.hand_in(run, everything, submitted or {})
    graded = book.graded(run) if settings.resume else set()
    keep = _Keeper(manager, book, run, ids, view)
    keep.summary.kept = keep.summary.counts["complete"] = sum(ids[task.student] in graded for task in everything)
    view.planned(len(everything), keep.summary.kept)
    for item in looked_at:
        if isinstance(item, Outcome):
            keep(item)
    todo = [item for item in looked_at if isinstance(item, Task) and ids[item.student] not in graded]
    if todo:
        if executor.here:
            require_isolation(assignment, isolation())
        previous = _Previous(book, run, ids) if settings.resume else nothing
        more: Any = {"deadline": settings.deadline, "here": executor.here, "prints": prints(assignment, versions())}
        grader = ShippingGrader(assignment, manager, seed=seed, secret=entry.secret, previous=previous, **more)
        try:
            for outcome in executor.run(todo, grader, view.started):
                keep(outcome)
        finally:
            grader.close()
            keep.warn.tell()
    book.finish_run(run)
    return keep.summary


class _Previous:
    """The last report of a student's submission, from which results may be taken over."""

    def __init__(self, book: Gradebook, run: Run, ids: Mapping[str, int]) -> None:
        self._database, self._ids = book.database, ids
        self._earlier = book.earlier(run)

    def __call__(self, student: str) -> Reuse:
        earlier = self._earlier.get(self._ids[student])
        if earlier is None:
            return nothing(student)
        try:
            report = load_report(self._database, earlier.result_id)
        except GradebookError:  # all is graded again
            return nothing(student)
        return Reuse({}, report.to_json() if report.fingerprints else None, earlier.run)


class _Keeper:
    """Stores an outcome first, and then tells it: what was told as graded is graded."""

    def __init__(
        self, manager: pluggy.PluginManager, book: Gradebook, run: Run, ids: Mapping[str, int], view: View
    ) -> None:
        self._manager, self._book, self._run, self._ids, self._view = manager, book, run, ids, view
        self.summary = Summary()
        self.warn = Once()

    def __call__(self, outcome: Outcome) -> None:
        self._book.store(self._run, self._ids[outcome.task.student], outcome)
        self.summary.add(outcome)
        self._view.finished(outcome)
        if outcome.report is not None:
            call(self._manager, "tinygrade_report_ready", self.warn, {"report": outcome.report})


class _Prints:
    """Takes the fingerprints of what has none yet, and stores them some at a time."""

    def __init__(self, assignment: Assignment, book: Gradebook, entry: Entry) -> None:
        self._prints = Prints(assignment.course.template / assignment.course.package)
        self._store = PrintStore(book.database, entry, self._prints.method)
        self._known = self._store.known()
        self._new: dict[str, bytes] = {}

    def take(self, submission: Submission) -> None:
        if submission.sha256 in self._known:
            return
        self._known.add(submission.sha256)
        self._new[submission.sha256] = packed(self._prints.of(submission.root, submission.files))
        if len(self._new) >= TOGETHER:
            self.store()

    def store(self) -> None:
        self._store.keep(self._new)
        self._new = {}


def _looked_at(
    handed: Sequence[Handed],
    assignment: Assignment,
    manager: pluggy.PluginManager,
    told: Callable[[int, int], Any],
    prints: _Prints,
) -> list[Task | Outcome]:
    found = []
    for number, item in enumerate(tasks(handed, assignment, manager, prints.take), 1):
        found.append(item)
        told(number, len(handed))
    prints.store()
    return found
