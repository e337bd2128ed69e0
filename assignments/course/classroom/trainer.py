"""Train the reference in this process, step by step, under the eyes of a run."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .exam import Exam
from .models import Reference, Size, weights_of
from .recipes import Recipe, losses
from .run import Run


def train(reference: Reference, model: Any, recipe: Recipe, run: Run, rng: np.random.Generator) -> None:
    """Train `model` in place until the run is over; an interrupt ends it with what it has."""
    exam = run.exam
    logits = partial(_logits, model, exam.x)
    run.begin(logits())
    try:
        with np.errstate(all="ignore"):  # a rate that is too high ends in numbers that are none; that is told
            for loss in losses(reference, model, recipe, (exam.x, exam.y), rng):
                if run.after_step(loss, logits):
                    break
            run.finish(logits())
    except KeyboardInterrupt:
        run.finish(None, "interrupted")


def _logits(model: Any, x: np.ndarray) -> np.ndarray:
    """(N,T) ids to (N,T,V) logits."""
    return np.asarray(model(x).data)


def trained(
    reference: Reference, size: Size, recipe: Recipe, strings: tuple[str, ...], steps: int, seed: int
) -> dict[str, np.ndarray]:
    """The weights after `steps` steps, unwatched."""
    rng = np.random.default_rng(seed)
    model = reference.build(size, rng)
    exam = Exam(strings)
    for _, _ in zip(range(steps), losses(reference, model, recipe, (exam.x, exam.y), rng), strict=False):
        pass
    return weights_of(model)
