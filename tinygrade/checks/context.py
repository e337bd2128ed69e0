"""What one grading knows: the pieces that fixtures and the pytest plugin share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrade.checks import draw
from tinygrade.checks.cases import Cases
from tinygrade.checks.given import PartAnswers
from tinygrade.checks.package import Part
from tinygrade.checks.recorded import Reference
from tinygrade.checks.stack import Stack
from tinygrade.checks.student import StudentLibrary
from tinygrade.checks.trace import Recorder
from tinygrade.checks.training import BudgetedTraining, Snapshot
from tinygrade.diagnosis.catalogue import Catalogue
from tinygrade.events import Event, Progress
from tinygrade.model import Assignment, CheckResult, Submission
from tinygrade.sandbox import Sandbox


@dataclass
class Grading:
    """The fixture `grading`. One per run."""

    assignment: Assignment
    submission: Submission
    sandbox: Sandbox
    reference: Reference
    stack: Stack
    #: What public and hidden checks draw their inputs from.
    secret: bytes
    hidden_secret: bytes
    emit: Callable[[Event], None]
    #: The mistakes that can be named.
    catalogue: Catalogue = field(default_factory=Catalogue)
    quick: bool = False
    #: What inputs are drawn for instead of the submission: a record must know them before there is one.
    drawn_for: str = ""
    #: Part of a training budget that is given.
    budget_share: float = 1.0
    #: Modules of the package whose checks come first.
    first: tuple[str, ...] = ()
    #: Listens to all workers, in a run that records a failure.
    recorder: Recorder | None = None
    #: Parts that checks may be given, by the name of the check that proves the student's own.
    parts: dict[str, Part] = field(default_factory=dict)
    builders: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    #: Ids of checks of which a case was stopped for its time.
    hung: set[str] = field(default_factory=set)
    #: Finished checks by function name.
    results: dict[str, CheckResult] = field(default_factory=dict)
    #: Named parts of the report that belong to plugins.
    sections: dict[str, Any] = field(default_factory=dict)
    #: What the cases of a check share.
    cases: Cases = field(default_factory=Cases)

    def student(self, cpu_seconds: float | None = None) -> StudentLibrary:
        """The student's package in a worker of its own; close it when done.

        Args:
            cpu_seconds: what one request may use, instead of the assignment's limit.
        """
        seconds = cpu_seconds or self.assignment.limits.cpu_seconds
        answers = PartAnswers(self.reference, self.builders)
        open_worker = self.recorder.listening(self.sandbox.open) if self.recorder else self.sandbox.open
        return StudentLibrary(self.stack.package, open_worker, answers, seconds)

    def rng(self, check: str, purpose: str, *, hidden: bool = False) -> np.random.Generator:
        """A generator for this check and purpose, the same in every run with the same seed and submission."""
        secret = self.hidden_secret if hidden else self.secret
        return draw.generator(secret, self.drawn_for or self.submission.sha256, check, purpose)

    def draw(self, check: str, purpose: str) -> int:
        """A number to seed a generator on the other side."""
        return draw.draw(self.secret, self.drawn_for or self.submission.sha256, check, purpose)

    def budget(
        self,
        student: StudentLibrary,
        seconds: float,
        on_snapshot: Callable[[Snapshot], bool],
        on_progress: Callable[..., None],
    ) -> BudgetedTraining:
        """A training run in the worker of `student`; see `BudgetedTraining`."""
        shapes = dict(self.assignment.surface.parameters)
        return BudgetedTraining(student, shapes, seconds * self.budget_share, on_snapshot, on_progress)

    def progress(self, check: str, **data: Any) -> None:
        """Tell the person who waits how far a long check is."""
        self.emit(Progress(check, data))
