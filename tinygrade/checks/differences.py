"""Does a backward fit the student's own forward? Finite differences, for the diagnosis only: they earn no points.

Central differences along Gaussian directions (signs of equal size would cancel an error in two entries half of the
time). A kink shows by errors that shrink with the step, rounding by errors that grow: then there is no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tinygrade.checks.evaluations import Evaluation, Question, ask
from tinygrade.failures import StudentFailure

#: Steps for float64. On the operations of `benchmarks/wrong_backwards.py` the error, in parts of the gradient's length,
#: is at most 2e-7, 2e-9 and 7e-10; from 1e-7 on rounding takes over, and at 1e-3 it is 2e-5.
STEPS = (1e-4, 1e-5, 1e-6)
DIRECTIONS = 3
#: Share of the gradient's length by which derivative and gradient may differ.
CLOSE = 1e-5


def fits(
    library: Any, f: Any, question: Question, got: Evaluation, rng: np.random.Generator
) -> bool | None:
    """Are `got.grads` the gradients of the forward that the same side computes? None when that cannot be told."""
    if question.cotangent is None or got.grads is None or not _usable(got.grads, question):
        return None
    sizes = [np.shape(question.call.inputs[positions[0]]) for positions in question.tensors]
    directions = [[rng.standard_normal(shape) for shape in sizes] for _ in range(DIRECTIONS)]
    asked = [_moved(question, u, sign * h) for u in directions for h in STEPS for sign in (1.0, -1.0)]
    try:
        values = [evaluation.output for evaluation in ask(library, f, asked)]
    except StudentFailure:
        return None
    if not all(isinstance(v, np.ndarray | np.generic | float) and np.shape(v) == np.shape(got.output) for v in values):
        return None
    verdicts = [
        _agrees(question, got.grads, u, values[2 * len(STEPS) * i : 2 * len(STEPS) * (i + 1)])
        for i, u in enumerate(directions)
    ]
    return None if None in verdicts else all(verdicts)


def _usable(grads: Sequence[Any], question: Question) -> bool:
    for gradient, positions in zip(grads, question.tensors, strict=True):
        if not isinstance(gradient, np.ndarray | np.generic) or gradient.dtype.kind != "f":
            return False
        if gradient.shape != np.shape(question.call.inputs[positions[0]]) or not np.isfinite(gradient).all():
            return False
    return True


def _moved(question: Question, direction: Sequence[np.ndarray], by: float) -> Question:
    inputs = list(question.call.inputs)
    for positions, u in zip(question.tensors, direction, strict=True):
        for position in positions:
            inputs[position] = np.asarray(inputs[position] + by * u)
    return Question(replace(question.call, inputs=inputs), question.tensors)


def _agrees(
    question: Question, grads: Sequence[Any], direction: Sequence[np.ndarray], values: Sequence[Any]
) -> bool | None:
    claimed = sum(float(np.sum(gradient * u)) for gradient, u in zip(grads, direction, strict=True))
    errors = []
    for i, h in enumerate(STEPS):
        up, down = values[2 * i], values[2 * i + 1]
        with np.errstate(all="ignore"):
            slope = float(np.sum(question.cotangent * (np.asarray(up) - np.asarray(down)))) / (2 * h)
        scale = max(abs(claimed), abs(slope), float(np.sqrt(sum(np.sum(np.square(g)) for g in grads))), 1e-8)
        errors.append(abs(slope - claimed) / scale)
    if not np.isfinite(errors).all():
        return None
    if min(errors) <= CLOSE:
        return True
    return None if errors[2] < 0.3 * errors[1] < 0.09 * errors[0] else False
