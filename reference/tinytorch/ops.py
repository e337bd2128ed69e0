"""The differentiable primitives: each op in one place, its forward beside its backward.

An op computes with numpy arrays, defines `backward(g)`, which turns the gradient of the result into one gradient per
parent, and returns `Tensor(data, _parents=(...), _backward=backward)`. Operands may be tensors, arrays or numbers.
Ops change neither their inputs nor the `g` that they are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .tape import Tensor, as_tensor


def unbroadcast(g: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Undo broadcasting: from the gradient of the broadcast array to that of the original of shape `shape`.

    The result has exactly `shape`. Raises ValueError when an array of `shape` does not broadcast to g.shape.

    Example: a (3, 1) array was used as (3, 4); unbroadcast(np.ones((3, 4)), (3, 1)) is [[4], [4], [4]].
    """
    # BEGIN SOLUTION A1.2: add up what belongs to the same original entry
    if g.shape == shape:
        return g
    new_axes = g.ndim - len(shape)
    if new_axes < 0 or any(size not in (1, full) for size, full in zip(shape, g.shape[new_axes:], strict=True)):
        raise ValueError(f"an array of shape {shape} does not broadcast to {g.shape}")
    stretched = tuple(new_axes + i for i, size in enumerate(shape) if size == 1)
    return g.sum(axis=(*range(new_axes), *stretched)).reshape(shape)
    # END SOLUTION


# Arithmetic: shapes broadcast as in numpy.


def add(a: Any, b: Any) -> Tensor:
    """a + b"""
    # BEGIN SOLUTION A1.1: forward and backward of the sum
    a, b = as_tensor(a), as_tensor(b)

    def backward(g):
        return unbroadcast(g, a.shape), unbroadcast(g, b.shape)

    return Tensor(a.data + b.data, _parents=(a, b), _backward=backward)
    # END SOLUTION


def sub(a: Any, b: Any) -> Tensor:
    """a - b"""
    # BEGIN SOLUTION A1.1: forward and backward of the difference
    a, b = as_tensor(a), as_tensor(b)

    def backward(g):
        return unbroadcast(g, a.shape), unbroadcast(-g, b.shape)

    return Tensor(a.data - b.data, _parents=(a, b), _backward=backward)
    # END SOLUTION


def mul(a: Any, b: Any) -> Tensor:
    """a * b, entry by entry"""
    # BEGIN SOLUTION A1.1: forward and backward of the product
    a, b = as_tensor(a), as_tensor(b)

    def backward(g):
        return unbroadcast(g * b.data, a.shape), unbroadcast(g * a.data, b.shape)

    return Tensor(a.data * b.data, _parents=(a, b), _backward=backward)
    # END SOLUTION


def div(a: Any, b: Any) -> Tensor:
    """a / b, entry by entry"""
    # BEGIN SOLUTION A1.1: forward and backward of the quotient
    a, b = as_tensor(a), as_tensor(b)
    quotient = a.data / b.data

    def backward(g):
        g_a = g / b.data
        return unbroadcast(g_a, a.shape), unbroadcast(-g_a * quotient, b.shape)

    return Tensor(quotient, _parents=(a, b), _backward=backward)
    # END SOLUTION


def neg(x: Any) -> Tensor:
    """-x"""
    # BEGIN SOLUTION A1.1: forward and backward of the change of sign
    x = as_tensor(x)
    return Tensor(-x.data, _parents=(x,), _backward=lambda g: (-g,))
    # END SOLUTION


def power(a: Any, b: Any) -> Tensor:
    """a ** b, entry by entry, with a gradient for the exponent only where that requires one.

    A plain number as exponent works for a <= 0 too (as far as the power exists). The gradient of a ** 0 is 0.
    """
    # BEGIN SOLUTION A1.1: forward and backward of the power
    a, b = as_tensor(a), as_tensor(b)
    result = a.data**b.data

    def backward(g):
        # At b == 0 the factor b makes the gradient 0, whatever the power beside it: avoid 0 * inf.
        g_a = g * b.data * a.data ** np.where(b.data == 0, 1.0, b.data - 1.0)
        if not b.requires_grad:
            return unbroadcast(g_a, a.shape), None
        # At a == 0 the result is constant in b > 0, so the logarithm there may be any finite number.
        log_a = np.log(np.where(a.data == 0, 1.0, a.data))
        return unbroadcast(g_a, a.shape), unbroadcast(g * result * log_a, b.shape)

    return Tensor(result, _parents=(a, b), _backward=backward)
    # END SOLUTION


# Functions of one or two tensors, entry by entry.


def exp(x: Any) -> Tensor:
    """e ** x"""
    # BEGIN SOLUTION A1.1: forward and backward of the exponential
    x = as_tensor(x)
    result = np.exp(x.data)
    return Tensor(result, _parents=(x,), _backward=lambda g: (g * result,))
    # END SOLUTION


def log(x: Any) -> Tensor:
    """The natural logarithm of x."""
    # BEGIN SOLUTION A1.1: forward and backward of the logarithm
    x = as_tensor(x)
    return Tensor(np.log(x.data), _parents=(x,), _backward=lambda g: (g / x.data,))
    # END SOLUTION


def tanh(x: Any) -> Tensor:
    """The hyperbolic tangent of x."""
    # BEGIN SOLUTION A1.1: forward and backward of tanh
    x = as_tensor(x)
    result = np.tanh(x.data)
    return Tensor(result, _parents=(x,), _backward=lambda g: (g * (1.0 - result * result),))
    # END SOLUTION


def relu(x: Any) -> Tensor:
    """x where x > 0, else 0; the gradient at exactly 0 is 0."""
    # BEGIN SOLUTION A1.1: forward and backward of relu
    x = as_tensor(x)
    return Tensor(np.maximum(x.data, 0.0), _parents=(x,), _backward=lambda g: (g * (x.data > 0.0),))
    # END SOLUTION


def maximum(a: Any, b: Any) -> Tensor:
    """The larger of a and b, entry by entry; where they are equal, both get half of the gradient."""
    # BEGIN SOLUTION A1.2: forward and backward of the maximum of two arrays that broadcast
    a, b = as_tensor(a), as_tensor(b)

    def backward(g):
        share_a = (a.data > b.data) + 0.5 * (a.data == b.data)
        return unbroadcast(g * share_a, a.shape), unbroadcast(g * (1.0 - share_a), b.shape)

    return Tensor(np.maximum(a.data, b.data), _parents=(a, b), _backward=backward)
    # END SOLUTION


def where(condition: Any, a: Any, b: Any) -> Tensor:
    """a where the boolean array `condition` is True, else b; the three shapes broadcast."""
    # BEGIN SOLUTION A1.2: forward and backward of the choice between two arrays that broadcast
    condition, a, b = np.asarray(condition, dtype=bool), as_tensor(a), as_tensor(b)

    def backward(g):
        return unbroadcast(np.where(condition, g, 0.0), a.shape), unbroadcast(np.where(condition, 0.0, g), b.shape)

    return Tensor(np.where(condition, a.data, b.data), _parents=(a, b), _backward=backward)
    # END SOLUTION


# Products, sums and shapes.


def matmul(a: Any, b: Any) -> Tensor:
    """(..., m, k) @ (..., k, n) -> (..., m, n); the axes before the last two broadcast (assignment 2).

    Raises ValueError when an operand has fewer than two axes or the sizes do not fit.
    """
    # BEGIN SOLUTION A1.3: forward and backward of the matrix product (for 2-D; batches follow in assignment 2)
    a, b = as_tensor(a), as_tensor(b)
    if a.data.ndim < 2 or b.data.ndim < 2:
        raise ValueError(f"matmul needs at least two axes on both sides, got {a.shape} and {b.shape}")

    def backward(g):
        g_a = g @ b.data.swapaxes(-1, -2)  # (..., m, n) @ (..., n, k) -> (..., m, k)
        g_b = a.data.swapaxes(-1, -2) @ g  # (..., k, m) @ (..., m, n) -> (..., k, n)
        return unbroadcast(g_a, a.shape), unbroadcast(g_b, b.shape)

    return Tensor(a.data @ b.data, _parents=(a, b), _backward=backward)
    # END SOLUTION


def reduce_sum(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """The sum over `axis` (an int, a tuple, or None for all), which stays as size 1 with `keepdims`."""
    # BEGIN SOLUTION A1.3: forward and backward of the sum over axes
    x = as_tensor(x)

    def backward(g):
        if axis is not None and not keepdims:
            g = np.expand_dims(g, axis)
        return (np.broadcast_to(g, x.shape),)

    return Tensor(x.data.sum(axis=axis, keepdims=keepdims), _parents=(x,), _backward=backward)
    # END SOLUTION


def mean(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """The mean over `axis` (an int, a tuple, or None for all), which stays as size 1 with `keepdims`."""
    # BEGIN SOLUTION A1.3: the mean, from what you already have
    total = reduce_sum(x, axis, keepdims)
    return div(total, as_tensor(x).data.size / total.data.size)
    # END SOLUTION


def reshape(x: Any, shape: int | Sequence[int]) -> Tensor:
    """The same entries in the same order in another shape; one size may be -1. ValueError when it cannot fit."""
    # BEGIN SOLUTION A1.3: forward and backward of the change of shape
    x = as_tensor(x)
    return Tensor(x.data.reshape(shape), _parents=(x,), _backward=lambda g: (g.reshape(x.shape),))
    # END SOLUTION


def transpose(x: Any, axes: Sequence[int] | None = None) -> Tensor:
    """The axes in the order `axes` (negative numbers count from the end; None reverses them).

    Example: x of shape (2, 3, 4) with axes=(1, 2, 0) has shape (3, 4, 2).
    """
    # BEGIN SOLUTION A1.3: forward and backward of the permutation of axes
    x = as_tensor(x)
    ndim = x.data.ndim
    order = list(range(ndim))[::-1] if axes is None else [axis % ndim for axis in axes]
    inverse = [order.index(axis) for axis in range(ndim)]
    return Tensor(x.data.transpose(order), _parents=(x,), _backward=lambda g: (g.transpose(inverse),))
    # END SOLUTION


def getitem(x: Any, index: Any) -> Tensor:
    """x[index] for anything that numpy accepts; an entry that is picked twice gets both gradients.

    Raises IndexError as numpy does.
    """
    # BEGIN SOLUTION A1.3: forward and backward of picking entries
    x = as_tensor(x)

    def backward(g):
        g_x = np.zeros_like(x.data)
        np.add.at(g_x, index, g)  # unlike g_x[index] += g, this counts repeated indices
        return (g_x,)

    return Tensor(x.data[index], _parents=(x,), _backward=backward)
    # END SOLUTION


# Assignment 2.


def concat(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    """The tensors joined along an existing axis; the other sizes must agree, else ValueError."""
    # BEGIN SOLUTION A2.7: forward and backward of joining tensors
    parts = tuple(as_tensor(part) for part in tensors)
    ends = np.cumsum([part.shape[axis] for part in parts])
    joined = np.concatenate([part.data for part in parts], axis=axis)
    return Tensor(joined, _parents=parts, _backward=lambda g: tuple(np.split(g, ends[:-1], axis=axis)))
    # END SOLUTION


def take_rows(weight: Any, ids: Any) -> Tensor:
    """Row ids[...] of `weight` for each id: (V, C), int (...) -> (..., C).

    Raises TypeError when `ids` are not integers, IndexError when one is outside 0 .. V-1.

    Example: with weight [[1, 2], [3, 4]] and ids [1, 1, 0] the result is [[3, 4], [3, 4], [1, 2]].
    """
    # BEGIN SOLUTION A2.7: forward and backward of the look-up of rows
    weight, ids = as_tensor(weight), np.asarray(ids)
    rows, width = weight.shape
    if ids.dtype.kind not in "iu":
        raise TypeError(f"ids must be integers, got {ids.dtype}")
    if ids.size and not 0 <= ids.min() <= ids.max() < rows:
        raise IndexError(f"ids must be in 0 .. {rows - 1}")

    def backward(g):
        # One matrix product adds up repeated ids, and is faster than np.add.at for a small vocabulary.
        one_hot = ids.reshape(-1, 1) == np.arange(rows)  # (N, V)
        return (one_hot.T.astype(g.dtype) @ g.reshape(-1, width),)  # (V, N) @ (N, C) -> (V, C)

    return Tensor(weight.data.take(ids, axis=0), _parents=(weight,), _backward=backward)
    # END SOLUTION
