"""Fixtures of the course, on top of those of the framework."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinygrade import Assignment, StudentFailure

from . import induction as induction_task
from . import rules, strings
from .bench import Bench
from .operations import Operation
from .training import TrainingRun, run_training
from .weights import random_weights


class TinyGPT:
    """The model of assignment 3, with the same random weights on both sides."""

    def __init__(self, assignment: Assignment, rng: np.random.Generator) -> None:
        self.shapes = dict(assignment.surface.parameters)
        self.weights = random_weights(self.shapes, rng)
        self._seed = int(rng.integers(1 << 62))

    def build(self, lib: Any, **changed: np.ndarray) -> Any:
        """A GPT of `lib` with the drawn weights; `changed` replaces some, with `_` in names for `.`."""
        model = lib.transformer.GPT(rng=lib.generator(self._seed))
        lib.write(model, {**self.weights, **changed})
        return model

    def part(self, name: str) -> dict[str, np.ndarray]:
        """The drawn weights below a dotted name, relative to it: `part("blocks.0.attn")`."""
        prefix = f"{name}."
        return {key.removeprefix(prefix): value for key, value in self.weights.items() if key.startswith(prefix)}


@pytest.fixture
def gpt(assignment: Assignment, rng: np.random.Generator) -> TinyGPT:
    """The model of the assignment with weights drawn for this check."""
    return TinyGPT(assignment, rng)


@pytest.fixture
def operation(gradcheck: Any) -> Operation:
    """`operation(op, what, calls)`: values or gradients of one operation of the tape, on several inputs."""
    return Operation(gradcheck)


@pytest.fixture
def right_rules() -> dict[str, rules.Rule]:
    """Functions of arrays with their backward rules, by name."""
    return rules.RIGHT


@pytest.fixture
def shuffled_rules(rng: np.random.Generator) -> list[rules.Rule]:
    """Functions with backward rules, half of which are wrong, in random order."""
    return rules.shuffled(rng)


@pytest.fixture
def batch(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets (5, 9) of five different strings of the seed's."""
    chosen = rng.choice(len(strings.SEED_STRINGS), size=5, replace=False)
    return strings.inputs_and_targets([strings.SEED_STRINGS[i] for i in chosen])


@pytest.fixture
def bench(student: Any, rng: np.random.Generator) -> Callable[..., Bench]:
    """`bench(grid, seeds)`: a grid whose runs are drawn here, and the student's sweep over it."""
    return lambda *args, **kwargs: Bench(student, rng, *args, **kwargs)


@pytest.fixture
def induction() -> Any:
    """The task of assignment 5: `rows(count, rng)` and `data(rng, sizes)`."""
    return induction_task


_RUN = pytest.StashKey[TrainingRun | StudentFailure]()


@pytest.fixture
def training_run(request: pytest.FixtureRequest, grading: Any) -> TrainingRun:
    """The one training run of this grading; what went wrong in it is told by every check that asks for it."""
    stash = request.config.stash
    if _RUN not in stash:
        try:
            stash[_RUN] = run_training(grading)
        except StudentFailure as failure:
            stash[_RUN] = failure
    result = stash[_RUN]
    if isinstance(result, StudentFailure):
        raise result
    return result


@pytest.fixture
def prompts() -> list[np.ndarray]:
    """For each of the fifteen cases its characters but the last, as token ids (t,)."""
    return [strings.encode([case])[0, : len(case) - 1] for case in strings.CASES]
