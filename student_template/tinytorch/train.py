"""The training loop under a budget, and what one asks a trained model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from . import functional as F
from .nn import Module
from .optim import AdamW, Optimizer, lr_at


def train_step(model: Module, optimizer: Optimizer, x: np.ndarray, y: np.ndarray) -> float:
    """One step on the batch x, y (both int (B,T)): returns the loss before the step.

    The loss is the mean cross-entropy over all positions; id 0 is a target like any other.
    """
    raise NotImplementedError("A3.6: forward, loss, fresh gradients, backward, step")


def train(
    model: Module,
    x: np.ndarray,
    y: np.ndarray,
    *,
    rng: np.random.Generator,
    on_step: Callable[[int, float], float],
) -> list[float]:
    """Train the model in place on x, y (both int (N,T)) with a recipe of your own; returns the loss of each step.

    Calls on_step(step, loss) after every step, counted from 1. It returns the fraction of the budget that is used;
    at 1 or more, stop. You may stop earlier. `rng` is for whatever your recipe draws.
    """
    raise NotImplementedError("A3.7: choose batches, optimiser, learning rates and an end")


def evaluate(model: Module, x: np.ndarray, y: np.ndarray) -> float:
    """The loss of train_step on x, y with the model in evaluation mode; changes nothing."""
    raise NotImplementedError("A3.6: measure without training")


def predict_next(model: Module, prompt_ids: Sequence[int] | np.ndarray) -> np.ndarray:
    """The log-probabilities (V,) of the token after the prompt (ids, one axis), in evaluation mode.

    Raises ValueError for an empty prompt or one that is longer than the model allows.
    """
    raise NotImplementedError("A3.6: ask for the last position")
