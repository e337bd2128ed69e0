"""The functions that layers are made of, each one node of the graph.

First come the backward rules as pure-array functions, which you can test by themselves; then the functions on
tensors, which compute forward and hand these rules to the tape. One node per layer operation, instead of one per
multiplication, is what makes a small model fast: most of a step is Python calls, not arithmetic.
"""

from __future__ import annotations

# BEGIN SOLUTION A2.2: for the constants that are kept
from functools import cache

# END SOLUTION
import numpy as np

from .tensor import Tensor, as_tensor

# Backward rules on arrays.


def softmax_vjp(g: np.ndarray, y: np.ndarray, axis: int = -1) -> np.ndarray:
    """From the gradient `g` of y = softmax(x) along `axis` to that of x; all three have the same shape.

    Example: y = [0.25, 0.75], g = [1, 0] gives [0.1875, -0.1875].
    """
    # BEGIN SOLUTION A2.2: apply the Jacobian of softmax to g without building it
    return y * (g - (g * y).sum(axis=axis, keepdims=True))
    # END SOLUTION


def cross_entropy_vjp(
    g: np.ndarray | float, logits: np.ndarray, targets: np.ndarray, ignore_index: int | None = None
) -> np.ndarray:
    """From the gradient `g` (one number) of the cross-entropy to that of the logits.

    logits (..., V), targets int (...) -> (..., V). Errors as in cross_entropy.

    Example: logits [[0, 0]], targets [1], g = 1 gives [[0.5, -0.5]].
    """
    # BEGIN SOLUTION A2.2: differentiate the mean of -log softmax at the targets
    rows, picked, counted = _rows_and_targets(logits, targets, ignore_index)
    probabilities = np.exp(_log_softmax(rows))
    return _cross_entropy_backward(g, probabilities, picked, counted).reshape(logits.shape)
    # END SOLUTION


def layer_norm_vjp(
    g: np.ndarray, x: np.ndarray, weight: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """From the gradient `g` of layer_norm(x, weight, bias, eps) to those of x, weight and bias.

    g and x (..., C), weight (C,) -> dx (..., C), dweight (C,), dbias (C,).
    The forward is that of Ba, Kiros & Hinton 2016, Layer Normalization; derive this yourself.

    Example: g = [[1, 0]], x = [[-1, 1]], weight [1, 1], eps = 0 gives dx [[0, 0]], dweight [-1, 0], dbias [1, 0].
    """
    # BEGIN SOLUTION A2.2: remember that mean and variance depend on x, too
    normal, inv_std = _normalise(x.reshape(-1, x.shape[-1]), eps)
    return _layer_norm_backward(g, normal, inv_std, weight)
    # END SOLUTION


# BEGIN SOLUTION A2.2: parts that forward and backward share
def _rows_and_targets(
    logits: np.ndarray, targets: np.ndarray, ignore_index: int | None
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray], np.ndarray | None]:
    """Logits as (N, V), the index of each row's target in them, and which rows count (None: all)."""
    targets = np.asarray(targets)
    if targets.shape != logits.shape[:-1] or targets.dtype.kind not in "iu":
        raise ValueError(f"logits {logits.shape} need int targets {logits.shape[:-1]}, got {targets.shape}")
    rows, flat = logits.reshape(-1, logits.shape[-1]), targets.reshape(-1)
    counted = None if ignore_index is None else flat != ignore_index
    if not (flat.size if counted is None else counted.any()):
        raise ValueError("cross_entropy needs at least one target that is not ignored")
    if counted is not None:
        flat = np.where(counted, flat, 0)  # any id in range: the row will be multiplied by 0
    if not 0 <= flat.min() <= flat.max() < logits.shape[-1]:
        raise IndexError(f"targets must be in 0 .. {logits.shape[-1] - 1}")
    return rows, (np.arange(flat.size), flat), counted


def _cross_entropy_backward(
    g: np.ndarray | float,
    probabilities: np.ndarray,
    picked: tuple[np.ndarray, np.ndarray],
    counted: np.ndarray | None,
) -> np.ndarray:
    """The gradient of the logits; writes into `probabilities`."""
    grad = probabilities
    grad[picked] -= 1.0
    if counted is None:
        grad *= g / len(grad)
    else:
        grad *= (counted * (g / counted.sum()))[:, None]
    return grad


def _log_softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    shifted = x - x.max(axis=axis, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return shifted


def _normalise(rows: np.ndarray, eps: float) -> tuple[np.ndarray, np.ndarray]:
    """(N, C) -> rows with mean 0 and variance 1, and 1 / standard deviation (N, 1)."""
    # Two passes, mean first: E[x^2] - E[x]^2 loses all digits far from zero.
    centred = rows - _row_means(rows)
    inv_std = 1.0 / np.sqrt(_row_means(centred * centred) + eps)
    centred *= inv_std
    return centred, inv_std


def _layer_norm_backward(
    g: np.ndarray, normal: np.ndarray, inv_std: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = g.reshape(normal.shape)
    dnormal = rows * weight
    # Neither the mean nor the length of a row of `normal` can change: take these two directions out.
    dx = dnormal - _row_means(dnormal) - normal * _row_means(dnormal * normal)
    dx *= inv_std
    return dx.reshape(g.shape), _column_sums(rows * normal), _column_sums(rows)


# Products with constant vectors are several times faster than rows.sum(axis) and rows.mean(axis) on narrow arrays.


def _column_sums(rows: np.ndarray) -> np.ndarray:
    """(N, C) -> (C,)"""
    return _constant(len(rows), 1.0, rows.dtype).dot(rows)


def _row_means(rows: np.ndarray) -> np.ndarray:
    """(N, C) -> (N, 1)"""
    width = rows.shape[1]
    return rows.dot(_constant(width, 1.0 / width, rows.dtype))[:, None]


@cache
def _constant(size: int, value: float, dtype: np.dtype) -> np.ndarray:
    """A vector that is made once and never written to."""
    return np.full(size, value, dtype=dtype)


# END SOLUTION


# Functions on tensors.


def softmax(x: Tensor, axis: int = -1) -> Tensor:
    """Positive numbers that sum to 1 along `axis`, in the shape of x; finite for logits of any finite size.

    Example: softmax([0, log 3]) is [0.25, 0.75].
    """
    # BEGIN SOLUTION A2.1: stable softmax; its backward is softmax_vjp
    x = as_tensor(x)
    y = np.exp(x.data - x.data.max(axis=axis, keepdims=True))
    y /= y.sum(axis=axis, keepdims=True)
    return Tensor(y, _parents=(x,), _backward=lambda g: (softmax_vjp(g, y, axis),))
    # END SOLUTION


def log_softmax(x: Tensor, axis: int = -1) -> Tensor:
    """The logarithm of softmax(x), exact where softmax itself would be rounded to 0; the shape of x.

    Example: log_softmax([0, log 3]) is [log 0.25, log 0.75].
    """
    # BEGIN SOLUTION A2.1: stable logarithm of softmax, and its backward
    x = as_tensor(x)
    y = _log_softmax(x.data, axis)

    def backward(g):
        return (g - np.exp(y) * g.sum(axis=axis, keepdims=True),)

    return Tensor(y, _parents=(x,), _backward=backward)
    # END SOLUTION


def gelu(x: Tensor) -> Tensor:
    """The smooth gate 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), entry by entry.

    The tanh form of Hendrycks & Gimpel 2016, Gaussian Error Linear Units, section 2.
    """
    # BEGIN SOLUTION A2.1: forward of the formula, and its backward by the product and chain rules
    x = as_tensor(x)
    rate, cubic = (2.0 / np.pi) ** 0.5, 0.044715
    a = x.data
    squares = a * a  # numpy's a**3 calls pow() for each entry: many times slower
    gate = squares * (-2.0 * rate * cubic)
    gate -= 2.0 * rate
    gate *= a  # -2 z, where z = rate * (a + cubic * a**3)
    # 0.5 (1 + tanh(z)) is the logistic function 1 / (1 + exp(-2 z)), and numpy's exp is far faster than its tanh.
    np.minimum(gate, 700.0, out=gate)  # exp overflows soon after
    np.exp(gate, out=gate)
    gate += 1.0
    np.divide(1.0, gate, out=gate)

    def backward(g):
        slope = squares * (6.0 * rate * cubic)
        slope += 2.0 * rate
        slope *= a  # a times the slope of 2 z
        slope *= 1.0 - gate  # the slope of the logistic function is gate * (1 - gate)
        slope += 1.0
        slope *= gate
        slope *= g
        return (slope,)

    return Tensor(a * gate, _parents=(x,), _backward=backward)
    # END SOLUTION


def cross_entropy(logits: Tensor, targets: np.ndarray, ignore_index: int | None = None) -> Tensor:
    """The mean of -log softmax(logits) at the targets: logits (..., V), int targets (...) -> one number.

    Targets equal to `ignore_index` do not count, neither in the sum nor in the number that divides it.
    Raises ValueError when the shapes do not fit or no target counts, IndexError for a target outside 0 .. V-1.

    Example: logits [[0, 0], [5, 5]], targets [0, 1] gives log 2.
    """
    # BEGIN SOLUTION A2.1: stable cross-entropy; its backward is the rule of cross_entropy_vjp
    logits = as_tensor(logits)
    rows, picked, counted = _rows_and_targets(logits.data, targets, ignore_index)
    shifted = rows - rows.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    sums = exponentials.sum(axis=1)
    # Picking, not multiplying by a one-hot row: 0 * -inf would be NaN.
    losses = np.log(sums) - shifted[picked]
    if counted is not None:
        losses = losses[counted]

    def backward(g):
        probabilities = exponentials / sums[:, None]
        return (_cross_entropy_backward(g, probabilities, picked, counted).reshape(logits.shape),)

    return Tensor(losses.sum() / losses.size, _parents=(logits,), _backward=backward)
    # END SOLUTION


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    """Each row (the last axis) shifted and scaled to mean 0 and variance 1, then times weight plus bias.

    x (..., C), weight (C,), bias (C,) -> (..., C). The variance is the biased one (divided by C), and eps is added
    to it under the root: Ba, Kiros & Hinton 2016, Layer Normalization. Right also for rows that lie far from 0.
    Raises ValueError when the sizes differ.

    Example: x [[1, 3]], weight [1, 1], bias [0, 0], eps 0 gives [[-1, 1]].
    """
    # BEGIN SOLUTION A2.1: forward of layer norm; its backward is the rule of layer_norm_vjp
    x, weight, bias = as_tensor(x), as_tensor(weight), as_tensor(bias)
    width = x.shape[-1]
    if weight.shape != (width,) or bias.shape != (width,):
        raise ValueError(f"x {x.shape} needs weight and bias ({width},), got {weight.shape}, {bias.shape}")
    normal, inv_std = _normalise(x.data.reshape(-1, width), eps)
    y = normal * weight.data
    y += bias.data

    def backward(g):
        return _layer_norm_backward(g, normal, inv_std, weight.data)

    return Tensor(y.reshape(x.shape), _parents=(x, weight, bias), _backward=backward)
    # END SOLUTION


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x times the transposed weight, plus bias: x (..., in), weight (out, in), bias (out,) -> (..., out).

    Raises ValueError when the sizes do not fit.

    Example: x [[1, 2]], weight [[3, 4]], bias [5] gives [[16]].
    """
    # BEGIN SOLUTION A2.1: forward and backward of the affine map, for any number of leading axes
    x, weight = as_tensor(x), as_tensor(weight)
    rows = x.data.reshape(-1, x.shape[-1])  # (..., in) -> (N, in): one matrix product for the whole batch
    y = rows.dot(weight.data.T)
    parents: tuple[Tensor, ...] = (x, weight)
    if bias is not None:
        bias = as_tensor(bias)
        if bias.shape != weight.shape[:1]:
            raise ValueError(f"weight {weight.shape} needs bias {weight.shape[:1]}, got {bias.shape}")
        y += bias.data
        parents = (x, weight, bias)

    def backward(g):
        g_rows = g.reshape(y.shape)  # (..., out) -> (N, out)
        g_x = g_rows.dot(weight.data).reshape(x.shape)
        g_weight = g_rows.T.dot(rows)
        return (g_x, g_weight) if bias is None else (g_x, g_weight, _column_sums(g_rows))

    return Tensor(y.reshape(*x.shape[:-1], y.shape[1]), _parents=parents, _backward=backward)
    # END SOLUTION
