"""The functions that layers are made of, each one node of the graph.

First come the backward rules as pure-array functions, which you can test by themselves; then the functions on
tensors, which compute forward and hand these rules to the tape. One node per layer operation, instead of one per
multiplication, is what makes a small model fast: most of a step is Python calls, not arithmetic.
"""

from __future__ import annotations

import numpy as np

from .tensor import Tensor, as_tensor

# Backward rules on arrays.


def softmax_vjp(g: np.ndarray, y: np.ndarray, axis: int = -1) -> np.ndarray:
    """From the gradient `g` of y = softmax(x) along `axis` to that of x; all three have the same shape.

    Example: y = [0.25, 0.75], g = [1, 0] gives [0.1875, -0.1875].
    """
    raise NotImplementedError("A2.2: apply the Jacobian of softmax to g without building it")


def cross_entropy_vjp(
    g: np.ndarray | float, logits: np.ndarray, targets: np.ndarray, ignore_index: int | None = None
) -> np.ndarray:
    """From the gradient `g` (one number) of the cross-entropy to that of the logits.

    logits (..., V), targets int (...) -> (..., V). Errors as in cross_entropy.

    Example: logits [[0, 0]], targets [1], g = 1 gives [[0.5, -0.5]].
    """
    raise NotImplementedError("A2.2: differentiate the mean of -log softmax at the targets")


def layer_norm_vjp(
    g: np.ndarray, x: np.ndarray, weight: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """From the gradient `g` of layer_norm(x, weight, bias, eps) to those of x, weight and bias.

    g and x (..., C), weight (C,) -> dx (..., C), dweight (C,), dbias (C,).
    The forward is that of Ba, Kiros & Hinton 2016, Layer Normalization; derive this yourself.

    Example: g = [[1, 0]], x = [[-1, 1]], weight [1, 1], eps = 0 gives dx [[0, 0]], dweight [-1, 0], dbias [1, 0].
    """
    raise NotImplementedError("A2.2: remember that mean and variance depend on x, too")


# Functions on tensors.


def softmax(x: Tensor, axis: int = -1) -> Tensor:
    """Positive numbers that sum to 1 along `axis`, in the shape of x; finite for logits of any finite size.

    Example: softmax([0, log 3]) is [0.25, 0.75].
    """
    raise NotImplementedError("A2.1: stable softmax; its backward is softmax_vjp")


def log_softmax(x: Tensor, axis: int = -1) -> Tensor:
    """The logarithm of softmax(x), exact where softmax itself would be rounded to 0; the shape of x.

    Example: log_softmax([0, log 3]) is [log 0.25, log 0.75].
    """
    raise NotImplementedError("A2.1: stable logarithm of softmax, and its backward")


def gelu(x: Tensor) -> Tensor:
    """The smooth gate 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), entry by entry.

    The tanh form of Hendrycks & Gimpel 2016, Gaussian Error Linear Units, section 2.
    """
    raise NotImplementedError("A2.1: forward of the formula, and its backward by the product and chain rules")


def cross_entropy(logits: Tensor, targets: np.ndarray, ignore_index: int | None = None) -> Tensor:
    """The mean of -log softmax(logits) at the targets: logits (..., V), int targets (...) -> one number.

    Targets equal to `ignore_index` do not count, neither in the sum nor in the number that divides it.
    Raises ValueError when the shapes do not fit or no target counts, IndexError for a target outside 0 .. V-1.

    Example: logits [[0, 0], [5, 5]], targets [0, 1] gives log 2.
    """
    raise NotImplementedError("A2.1: stable cross-entropy; its backward is the rule of cross_entropy_vjp")


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    """Each row (the last axis) shifted and scaled to mean 0 and variance 1, then times weight plus bias.

    x (..., C), weight (C,), bias (C,) -> (..., C). The variance is the biased one (divided by C), and eps is added
    to it under the root: Ba, Kiros & Hinton 2016, Layer Normalization. Right also for rows that lie far from 0.
    Raises ValueError when the sizes differ.

    Example: x [[1, 3]], weight [1, 1], bias [0, 0], eps 0 gives [[-1, 1]].
    """
    raise NotImplementedError("A2.1: forward of layer norm; its backward is the rule of layer_norm_vjp")


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x times the transposed weight, plus bias: x (..., in), weight (out, in), bias (out,) -> (..., out).

    Raises ValueError when the sizes do not fit.

    Example: x [[1, 2]], weight [[3, 4]], bias [5] gives [[16]].
    """
    raise NotImplementedError("A2.1: forward and backward of the affine map, for any number of leading axes")
