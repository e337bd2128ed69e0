"""Arithmetic that rules share: how two arrays differ."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

#: Two arrays are the same up to rounding when they differ by less than this share of the largest entry.
CLOSE = 1e-7
#: An entry below this share of the largest has no ratio to speak of.
SMALL = 1e-6


def peak(array: np.ndarray) -> float:
    """The largest absolute value; 0 for an empty array."""
    return float(np.max(np.abs(array), initial=0.0))


def close(a: np.ndarray, b: np.ndarray, scale: float | None = None) -> bool:
    """Same shape and, in parts of `scale` (the largest entry of `b`), the same numbers."""
    if np.shape(a) != np.shape(b):
        return False
    with np.errstate(all="ignore"):
        return bool(np.all(differing(a, b, scale) == False))  # noqa: E712


def differing(a: np.ndarray, b: np.ndarray, scale: float | None = None) -> np.ndarray:
    """Which entries differ."""
    limit = CLOSE * (peak(b) if scale is None else scale) + 1e-12
    with np.errstate(all="ignore"):
        return np.asarray(~(np.abs(np.asarray(a) - np.asarray(b)) <= limit))


def ratio(got: np.ndarray, expected: np.ndarray) -> float | None:
    """The r with got = r * expected in every entry; None when there is none, or nothing to tell it from."""
    if got.shape != expected.shape or not got.size or not peak(expected) or not peak(got):
        return None
    at = np.unravel_index(int(np.argmax(np.abs(expected))), expected.shape)
    found = float(got[at] / expected[at])
    return found if close(got, found * expected, peak(got)) else None


def ratios(got: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Entry by entry; NaN where the expected entry is too small."""
    with np.errstate(all="ignore"):
        return np.where(np.abs(expected) > SMALL * peak(expected), got / expected, np.nan)


def is_float_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def float_arrays(values: Sequence[Any]) -> Iterator[tuple[int, np.ndarray]]:
    """Position and value of every array of floats."""
    for position, value in enumerate(values):
        if is_float_array(value):
            yield position, value


def integer_arrays(values: Sequence[Any]) -> Iterator[tuple[int, np.ndarray]]:
    for position, value in enumerate(values):
        if isinstance(value, np.ndarray) and value.dtype.kind in "iu":
            yield position, value


def swaps(ndim: int) -> list[tuple[int, ...]]:
    """The permutations that exchange two axes, the last two first."""
    found = []
    for i, j in sorted(itertools.combinations(range(ndim), 2), reverse=True):
        order = list(range(ndim))
        order[i], order[j] = j, i
        found.append(tuple(order))
    return found


def permutations(ndim: int) -> Iterator[tuple[int, ...]]:
    """All orders of up to five axes but the first."""
    orders = itertools.permutations(range(ndim)) if ndim <= 5 else iter(())
    return (order for order in orders if order != tuple(range(ndim)))


def is_generic(array: np.ndarray) -> bool:
    """Are its entries different enough that equality is no accident?"""
    return array.size >= 2 and np.unique(np.round(array / (peak(array) or 1.0), 6)).size >= min(array.size, 3)
