"""Train a student's package: its own `train`, in a worker, watched from here like the reference.

Nothing is graded, but what runs is a stranger's code all the same: it runs where graded code runs, and loss and
predictions are recomputed on this side from the weights that come back.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn

import click
import numpy as np

from tinygrade import Assignment, Course, CourseError, StudentFailure, SubmissionError, UsageError
from tinygrade.checks.stack import Stack
from tinygrade.checks.student import StudentLibrary
from tinygrade.checks.training import BudgetedTraining, Snapshot
from tinygrade.cli.running import submission_source
from tinygrade.config import load_assignment
from tinygrade.plugins import sandboxes
from tinygrade.sandboxes.builtin import default_name

from ..weights import initial_weights, random_weights
from . import checkpoints, data
from . import lesson as lessons
from .exam import Exam
from .models import Forward, Reference, Size
from .run import Run

#: Above the rounding of two float64 implementations, far below any mistake.
SAME = 1e-6
_REFUSED = ("recipe", "lr", "batch", "start", "hybrid", "pace")


@dataclass
class Confined:
    """One package that can be trained."""

    sandbox: Any
    stack: Stack
    assignment: Assignment

    def library(self, seconds: float) -> StudentLibrary:
        """The package in a worker of its own, which may use so many CPU seconds a request."""
        return StudentLibrary(self.stack.package, self.sandbox.open, _no_parts, seconds)


def _no_parts(question: dict[str, Any]) -> NoReturn:
    raise StudentFailure("a package that is trained is given no parts")


def lesson(ctx: click.Context, course: Course, wishes: lessons.Wishes, seed: int, again: str) -> int:
    """`tinygrade train --submission`."""
    wishes.refuse(*_REFUSED, because="with --submission: the package is trained by its own train()")
    size, exam = wishes.size, Exam(data.strings_for(wishes.data))
    with _confined(ctx, course, str(wishes.submission), size) as confined:
        try:
            forward, whose = _forward(course, confined, size, seed)
            isolation = confined.sandbox.isolation().level
            how = f"own train() of the submission, {whose} forward, isolation {isolation}"
            trainer = Trainer(confined, size, forward, seed)
            watched = lessons.watch(wishes, exam, size, how, trainer.train)
        except StudentFailure as failure:
            where = f"{failure.where}: " if failure.where else ""
            stub = "not implemented yet: " if failure.status == "not_implemented" else ""
            raise SubmissionError(f"{where}{stub}{failure.message}") from failure
    if wishes.save is not None:
        checkpoints.save(wishes.save, size, trainer.weights)
    facts = {"schema": 1, "model": size.name, "parameters": size.parameters, "heads": size.heads}
    return lessons.finish(watched, wishes, {**facts, "recipe": "own", "forward": whose, "seed": seed}, again)


@contextmanager
def _confined(ctx: click.Context, course: Course, source: str, size: Size) -> Iterator[Confined]:
    assignment = _assignment(course, size)
    manager = ctx.obj
    make = sandboxes(manager).get(default_name())
    with tempfile.TemporaryDirectory(prefix="tinygrade-train-") as folder:
        into = Path(folder) / "submission"
        into.mkdir()
        source = submission_source(source, course)
        found = manager.hook.tinygrade_load_submission(source=source, assignment=assignment, into=into)
        if found is None:
            raise SubmissionError(f"{source} is not a submission that any plugin can read")
        sandbox = make(limits=assignment.limits)
        try:
            yield Confined(sandbox, Stack(assignment, [], found, "own", Path(folder)), assignment)
        finally:
            sandbox.close()


def _assignment(course: Course, size: Size) -> Assignment:
    """The assignment whose package is complete enough to train, with the shapes of this size."""
    found = [load_assignment(course, name) for name in course.assignments]
    trained = next((assignment for assignment in found if "training" in assignment.extra), None)
    if trained is None:
        raise CourseError(f"{course.root}: no assignment has a table [training], so there is nothing to train")
    return replace(trained, surface=replace(trained.surface, parameters=size.shapes()))


def _forward(course: Course, confined: Confined, size: Size, seed: int) -> tuple[Forward, str]:
    """Whose forward is asked for loss and predictions: the reference's, unless the package's differs from it."""
    own = _own_forward(confined, size, seed)
    try:
        reference = Reference(course)
    except UsageError:  # a student's copy of the course holds no solution
        return own, "its own"
    weights = random_weights(size.shapes(), np.random.default_rng([seed, 2]))
    x = Exam(data.strings_for(None)).x

    def right(weights: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        return np.asarray(reference.loaded(size, weights)(x).data)

    same = np.allclose(own(weights, x), right(weights, x), rtol=SAME, atol=SAME)
    return (right, "the reference's") if same else (own, "its own (it differs from the reference's)")


def _own_forward(confined: Confined, size: Size, seed: int) -> Forward:
    library = confined.library(confined.assignment.limits.cpu_seconds)
    model = library.transformer.GPT(**size.arguments, rng=library.generator(seed))

    def forward(weights: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        library.write(model, weights)
        shape = (*x.shape, size.shapes()["head.weight"][0])
        return np.array(library.fetch(model(x), shape=shape, dtype="f"))

    return forward


class Trainer:
    """Trains the package once, and keeps the weights that came last."""

    def __init__(self, confined: Confined, size: Size, forward: Forward, seed: int) -> None:
        self._confined = confined
        self._size = size
        self._forward = forward
        self._seed = seed
        self.weights = initial_weights(size.shapes(), np.random.default_rng([seed, 3]))

    def train(self, run: Run) -> None:
        library = self._confined.library(run.seconds * 4)
        try:
            outcome = self._budget(library, run).run(*self._call(library, run), seed=self._seed)
            run.used, run.step = outcome.cpu_seconds, max(run.step, outcome.steps)
            run.finish(None, "budget" if outcome.stopped == "budget" else "steps")
        except KeyboardInterrupt:
            run.finish(None, "interrupted")
        finally:
            library.close()

    def _call(self, library: StudentLibrary, run: Run) -> tuple[Any, Any, list[np.ndarray]]:
        model = library.transformer.GPT(**self._size.arguments, rng=library.generator(self._seed))
        library.write(model, self.weights)
        run.begin(self._forward(self.weights, run.exam.x))
        return library.train.train, model, [run.exam.x, run.exam.y]

    def _budget(self, library: StudentLibrary, run: Run) -> BudgetedTraining:
        started = library.worker.cpu_seconds()

        def on_snapshot(snapshot: Snapshot) -> bool:
            self.weights = snapshot.weights
            run.step, run.used = snapshot.step, library.worker.cpu_seconds() - started
            run.look(self._forward(snapshot.weights, run.exam.x))
            if not isfinite(run.now.loss):
                run.stopped = "not a number"
                return True
            return run.is_over()

        def on_progress(*, step: int, **_: Any) -> None:
            run.step, run.used = max(run.step, step), library.worker.cpu_seconds() - started
            run.show(run)

        return BudgetedTraining(library, self._size.shapes(), run.seconds, on_snapshot, on_progress)
