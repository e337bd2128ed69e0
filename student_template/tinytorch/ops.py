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
    raise NotImplementedError("A1.2: add up what belongs to the same original entry")


# Arithmetic: shapes broadcast as in numpy.


def add(a: Any, b: Any) -> Tensor:
    """a + b"""
    raise NotImplementedError("A1.1: forward and backward of the sum")


def sub(a: Any, b: Any) -> Tensor:
    """a - b"""
    raise NotImplementedError("A1.1: forward and backward of the difference")


def mul(a: Any, b: Any) -> Tensor:
    """a * b, entry by entry"""
    raise NotImplementedError("A1.1: forward and backward of the product")


def div(a: Any, b: Any) -> Tensor:
    """a / b, entry by entry"""
    raise NotImplementedError("A1.1: forward and backward of the quotient")


def neg(x: Any) -> Tensor:
    """-x"""
    raise NotImplementedError("A1.1: forward and backward of the change of sign")


def power(a: Any, b: Any) -> Tensor:
    """a ** b, entry by entry, with a gradient for the exponent only where that requires one.

    A plain number as exponent works for a <= 0 too (as far as the power exists). The gradient of a ** 0 is 0.
    """
    raise NotImplementedError("A1.1: forward and backward of the power")


# Functions of one or two tensors, entry by entry.


def exp(x: Any) -> Tensor:
    """e ** x"""
    raise NotImplementedError("A1.1: forward and backward of the exponential")


def log(x: Any) -> Tensor:
    """The natural logarithm of x."""
    raise NotImplementedError("A1.1: forward and backward of the logarithm")


def tanh(x: Any) -> Tensor:
    """The hyperbolic tangent of x."""
    raise NotImplementedError("A1.1: forward and backward of tanh")


def relu(x: Any) -> Tensor:
    """x where x > 0, else 0; the gradient at exactly 0 is 0."""
    raise NotImplementedError("A1.1: forward and backward of relu")


def maximum(a: Any, b: Any) -> Tensor:
    """The larger of a and b, entry by entry; where they are equal, both get half of the gradient."""
    raise NotImplementedError("A1.2: forward and backward of the maximum of two arrays that broadcast")


def where(condition: Any, a: Any, b: Any) -> Tensor:
    """a where the boolean array `condition` is True, else b; the three shapes broadcast."""
    raise NotImplementedError("A1.2: forward and backward of the choice between two arrays that broadcast")


# Products, sums and shapes.


def matmul(a: Any, b: Any) -> Tensor:
    """(..., m, k) @ (..., k, n) -> (..., m, n); the axes before the last two broadcast (assignment 2).

    Raises ValueError when an operand has fewer than two axes or the sizes do not fit.
    """
    raise NotImplementedError("A1.3: forward and backward of the matrix product (for 2-D; batches follow in assignment 2)")


def reduce_sum(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """The sum over `axis` (an int, a tuple, or None for all), which stays as size 1 with `keepdims`."""
    raise NotImplementedError("A1.3: forward and backward of the sum over axes")


def mean(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """The mean over `axis` (an int, a tuple, or None for all), which stays as size 1 with `keepdims`."""
    raise NotImplementedError("A1.3: the mean, from what you already have")


def reshape(x: Any, shape: int | Sequence[int]) -> Tensor:
    """The same entries in the same order in another shape; one size may be -1. ValueError when it cannot fit."""
    raise NotImplementedError("A1.3: forward and backward of the change of shape")


def transpose(x: Any, axes: Sequence[int] | None = None) -> Tensor:
    """The axes in the order `axes` (negative numbers count from the end; None reverses them).

    Example: x of shape (2, 3, 4) with axes=(1, 2, 0) has shape (3, 4, 2).
    """
    raise NotImplementedError("A1.3: forward and backward of the permutation of axes")


def getitem(x: Any, index: Any) -> Tensor:
    """x[index] for anything that numpy accepts; an entry that is picked twice gets both gradients.

    Raises IndexError as numpy does.
    """
    raise NotImplementedError("A1.3: forward and backward of picking entries")


# Assignment 2.


def concat(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    """The tensors joined along an existing axis; the other sizes must agree, else ValueError."""
    raise NotImplementedError("A2.7: forward and backward of joining tensors")


def take_rows(weight: Any, ids: Any) -> Tensor:
    """Row ids[...] of `weight` for each id: (V, C), int (...) -> (..., C).

    Raises TypeError when `ids` are not integers, IndexError when one is outside 0 .. V-1.

    Example: with weight [[1, 2], [3, 4]] and ids [1, 1, 0] the result is [[3, 4], [3, 4], [1, 2]].
    """
    raise NotImplementedError("A2.7: forward and backward of the look-up of rows")
