"""Speed: the numbers of assignment 3 from fewer and larger steps, and how to find out where the time goes.

The tape made each formula easy to write: one node, one rule. For a model that no longer changes, its nodes and its
arrays in between are what costs most. Here forward and backward of the whole model are written by hand, on arrays.
Letters in shape comments: B batch, T time, N = B * T rows, C width, H heads, D = C / H, V vocabulary.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from typing import Any

import numpy as np

from .nn import Module
from .optim import Optimizer
from .transformer import causal_mask


@contextmanager
def inference_mode(model: Module) -> Iterator[None]:
    """Inside `with inference_mode(model):` results of the model keep no graph, and need no gradient.

    Afterwards every parameter asks for a gradient exactly if it did before, also when an error ended the block.
    """
    raise NotImplementedError("A6.6: switch the parameters off, and back to what they were")


def fused_qkv(x: np.ndarray, attention: Any) -> np.ndarray:
    """What `attention.q`, `attention.k` and `attention.v` make of x, side by side, by one product.

    x (..., C) -> (..., 3C): queries, then keys, then values.
    """
    raise NotImplementedError("A6.7: one product with the three weights on top of each other")


def fused_qkv_vjp(g: np.ndarray, x: np.ndarray, attention: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """From the gradient `g` of fused_qkv(x, attention) to those of x, of the three weights and of the three biases.

    g (..., 3C), x (..., C) -> dx (..., C), dweight (3C, C), dbias (3C,), in the order q, k, v.
    """
    raise NotImplementedError("A6.7: the rules of the affine map")


def fused_cross_entropy(logits: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean cross-entropy of logits (..., V) at int targets (...), and its gradient (..., V), from one softmax.

    The gradient has the dtype of the logits, which are not changed; logits of any finite size are allowed.

    Example: logits [[0, 0]], targets [1] give log 2 and [[0.5, -0.5]].
    """
    raise NotImplementedError("A6.8: the probabilities serve both")


def loss_and_gradients(model: Module, x: np.ndarray, y: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
    """The loss of train.train_step on x, y (both int (B,T)), and its gradient for every parameter, by name.

    Gradients have the dtype of the parameters: a float32 model never computes in float64. By the tape or by hand, as
    you like; `train_step` should be fast.
    """
    raise NotImplementedError("A6.9: forward through the blocks, and back")


def to_float32(model: Module) -> Module:
    """Make every parameter of the model float32, in place, and forget its gradient; returns the model.

    Make the optimiser afterwards: what it remembers has the dtype of the parameters that it was given.
    """
    raise NotImplementedError("A6.10: convert the parameters")


def train_step(model: Module, optimizer: Optimizer, x: np.ndarray, y: np.ndarray) -> float:
    """The step of train.train_step, faster: gradients by loss_and_gradients, then the optimiser; returns the loss."""
    raise NotImplementedError("A6.10: hand the gradients to the optimiser")


def profile(
    operations: Mapping[str, Callable[[], Any]], clock: Callable[[], float] = time.process_time, repeats: int = 7
) -> list[tuple[str, float]]:
    """What one call of each operation costs: (name, median of `repeats` times by `clock`), most expensive first.

    Each is called once before anything is timed, because first calls are slow. The timed calls go round: every
    operation once, then every operation again, so that a slow moment of the machine meets all of them alike.

    Example: operations {"a": f, "b": g} call f, g, then f, g with times taken, `repeats` times.
    """
    raise NotImplementedError("A6.11: warm up, go round, take medians, sort")
