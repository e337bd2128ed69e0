"""Fixtures of assignment 4: models with two layers, strings to fine-tune on, and the one long run that is judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pytest

from tinygrade import Diagnosis, StudentFailure

from . import archives as archives_module
from .classroom import corpus
from .finetuning import SMALL, Judge, Start, Weights, related_strings, shipped, unknown_strings
from .judge import OWN_FORWARD_SHARE
from .judging import mean_loss
from .strings import SEED_STRINGS, VOCABULARY, inputs_and_targets
from .training import PARITY_TOLERANCE

CHECK = "fine-tuning"
#: The run that is judged: steps, rate, old strings to judge by; CPU seconds that it may take.
STEPS, LR, JUDGED, SECONDS = 200, 0.01, 60, 60.0


@dataclass(frozen=True)
class SmallStart(Start):
    """A model of two layers that nobody trained, and a batch for it."""

    batch: tuple[np.ndarray, np.ndarray] = field(default=(np.zeros(0), np.zeros(0)))


@pytest.fixture
def small(rng: np.random.Generator, batch: tuple[np.ndarray, np.ndarray]) -> SmallStart:
    """A model of two layers and 2,320 numbers: `build`, `weights`, `shapes`, `read`, `random`, and a batch."""
    start = Start(SMALL, {})
    return SmallStart(SMALL, start.random(rng), batch)


@pytest.fixture
def strings_as_batch() -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets of the seed's 21 strings."""
    return inputs_and_targets(SEED_STRINGS)


@pytest.fixture
def archives() -> Any:
    """`problem(bytes)` and `hostile(bytes)` of a checkpoint."""
    return archives_module


@pytest.fixture
def diagnosis(grading: Any) -> Callable[..., Diagnosis | None]:
    """`diagnosis(code, **evidence)`, where the course has a page for it."""
    return lambda code, **evidence: Diagnosis(code, evidence) if code in grading.catalogue.pages else None


@dataclass(frozen=True)
class Tuning:
    """What is fine-tuned: the shipped model, and strings that were drawn for this run."""

    grading: Any
    rng: np.random.Generator

    @cached_property
    def start(self) -> Start:
        return shipped()

    @cached_property
    def new(self) -> list[str]:
        return unknown_strings(self.grading.rng(CHECK, "new strings"))

    @cached_property
    def related(self) -> list[str]:
        return related_strings(self.grading.rng(CHECK, "related strings"))

    @cached_property
    def replay(self) -> list[str]:
        """All strings that the shipped model was trained on, in an order that was drawn."""
        known = corpus.strings()
        return [known[i] for i in self.grading.rng(CHECK, "order of replay").permutation(len(known))]

    @cached_property
    def judge(self) -> Judge:
        """The reference's forward, or the student's own where the two differ or the reference is recorded."""
        right, own = (Judge(lib, self.start) for lib in (self.grading.reference, self.grading.student()))
        weights = self.start.random(self.grading.rng(CHECK, "parity"))
        mine = own.logits(weights, SEED_STRINGS[:3])
        if np.allclose(mine, right.logits(weights, SEED_STRINGS[:3]), rtol=PARITY_TOLERANCE, atol=PARITY_TOLERANCE):
            if self.grading.reference.computes:
                own.lib.close()
                return right
            return own
        return Judge(own.lib, self.start, OWN_FORWARD_SHARE)

    def tune(self, student: Any, model: Any, strings: Sequence[str], **settings: Any) -> Any:
        """The student's finetune, with a generator that was drawn."""
        rng = student.generator(self.grading.draw(CHECK, "rng"))
        return student.finetune.finetune(model, list(strings), rng=rng, **settings)

    def mean_loss(self, weights: Weights, strings: Sequence[str]) -> float:
        return mean_loss(self.judge.logits(weights, strings), inputs_and_targets(strings)[1])

    def loss_with_ids_of(self, weights: Weights, strings: Sequence[str], numbered: Sequence[str]) -> float:
        """What comes out where the characters of `numbered` have ids, instead of all thirty."""
        named = {char: VOCABULARY[i] for i, char in enumerate(sorted(set("".join(numbered))), 1)}
        return self.mean_loss(weights, ["".join(named[char] for char in string) for string in strings])

    def largest_move(self, student: Any, model: Any) -> float:
        """By how much the entry has moved that moved most."""
        after = self.start.read(student, model)
        return max(float(np.abs(after[name] - array).max()) for name, array in self.start.weights.items())


@pytest.fixture
def tuning(grading: Any, rng: np.random.Generator) -> Any:
    """The shipped model and strings that were drawn for this run; `tune` calls the student's finetune."""
    found = Tuning(grading, rng)
    yield found
    if "judge" in vars(found) and found.judge.lib is not grading.reference:
        found.judge.lib.close()


@dataclass(frozen=True)
class Tuned:
    """The long run: what is known of the new strings and of old ones, before and after."""

    new: list[str]
    steps: int
    credit: float
    learned: int
    old_before: float
    old_after: float
    share: float


_TUNED = pytest.StashKey[Tuned | StudentFailure]()


@pytest.fixture
def tuned(request: pytest.FixtureRequest, tuning: Tuning, grading: Any) -> Tuned:
    """The one long fine-tuning of this grading; what went wrong in it is told by every check that asks for it."""
    stash = request.config.stash
    if _TUNED not in stash:
        try:
            stash[_TUNED] = _tuned(tuning, grading)
        except StudentFailure as failure:
            stash[_TUNED] = failure
    result = stash[_TUNED]
    if isinstance(result, StudentFailure):
        raise result
    return result


def _tuned(tuning: Tuning, grading: Any) -> Tuned:
    student = grading.student(SECONDS)
    try:
        model = tuning.start.build(student)
        tuning.tune(student, model, tuning.new, steps=STEPS, lr=LR, replay=tuning.replay)
        after = tuning.start.read(student, model)
    finally:
        student.close()
    judge, old = tuning.judge, tuning.replay[:JUDGED]
    credits = [judge.credit(after, [string]) for string in tuning.new]
    before = judge.loss(tuning.start.weights, old)
    mean = float(np.mean(credits))
    return Tuned(tuning.new, STEPS, mean, credits.count(1.0), before, judge.loss(after, old), judge.share)
