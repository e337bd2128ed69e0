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
    # BEGIN SOLUTION A3.6: forward, loss, fresh gradients, backward, step
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
    # END SOLUTION


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
    # BEGIN SOLUTION A3.7: choose batches, optimiser, learning rates and an end
    # The data are so few that every step can see them all: nothing is drawn, and the loss has no noise.
    optimizer = AdamW(model.parameters(), lr=PEAK_LR, betas=(0.9, 0.99))
    # Until it has seen one large block come and go, Linux's malloc hands freed memory back to the kernel, and every
    # step has to ask for its pages again. With this line a step on a full batch is nearly twice as fast.
    np.empty(1 << 20, dtype=np.uint8)
    losses: list[float] = []
    model.train()
    for step in range(1, MAX_STEPS + 1):
        optimizer.lr = lr_at(step, peak=PEAK_LR, warmup=WARMUP, total=MAX_STEPS, floor=FLOOR_LR)
        losses.append(train_step(model, optimizer, x, y))
        if on_step(step, losses[-1]) >= 1:
            break
    return losses
    # END SOLUTION


# BEGIN SOLUTION A3.7: the numbers of the recipe
PEAK_LR = 2e-2
FLOOR_LR = 1e-3
WARMUP = 20
MAX_STEPS = 600
# END SOLUTION


def evaluate(model: Module, x: np.ndarray, y: np.ndarray) -> float:
    """The loss of train_step on x, y with the model in evaluation mode; changes nothing."""
    # BEGIN SOLUTION A3.6: measure without training
    was_training = model.training
    model.eval()
    loss = F.cross_entropy(model(x), y).item()
    model.train(was_training)
    return loss
    # END SOLUTION


def predict_next(model: Module, prompt_ids: Sequence[int] | np.ndarray) -> np.ndarray:
    """The log-probabilities (V,) of the token after the prompt (ids, one axis), in evaluation mode.

    Raises ValueError for an empty prompt or one that is longer than the model allows.
    """
    # BEGIN SOLUTION A3.6: ask for the last position
    ids = np.asarray(prompt_ids)
    if ids.ndim != 1 or not ids.size:
        raise ValueError(f"a prompt is at least one id in one axis, got shape {ids.shape}")
    was_training = model.training
    model.eval()
    logits = model(ids[None, :])  # (T,) -> (1,T) -> (1,T,V)
    model.train(was_training)
    return F.log_softmax(logits).data[0, -1]
    # END SOLUTION
