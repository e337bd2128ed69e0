"""What is seen before any number is compared: missing, another kind or shape, not finite, all zero."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrade.diagnosis.arrays import close, is_float_array, peak, permutations, swaps
from tinygrade.diagnosis.catalogue import Rank, Rule
from tinygrade.diagnosis.observations import GradientMismatch, ValueMismatch

Seen = GradientMismatch | ValueMismatch
Evidence = Mapping[str, Any] | None


def _array(seen: Seen) -> np.ndarray | None:
    """The student's numbers, when they are numbers."""
    got = seen.got
    if isinstance(got, np.ndarray | np.generic | bool | int | float) and np.asarray(got).dtype.kind in "biuf":
        return np.asarray(got)
    return None


def _shapes(got: np.ndarray, expected: np.ndarray) -> dict[str, Any]:
    return {"yours_shape": list(got.shape), "expected_shape": list(expected.shape)}


def missing(seen: GradientMismatch) -> Evidence:
    """No gradient arrived."""
    return {} if seen.got is None else None


def wrong_type(seen: Seen) -> Evidence:
    """Something that is no array of numbers; nested sequences are left to who knows what they should be."""
    nested = not isinstance(seen.expected, np.ndarray)
    if seen.got is None and isinstance(seen, GradientMismatch):
        return None
    return None if nested or _array(seen) is not None else {"yours": type(seen.got).__name__}


def not_summed(seen: GradientMismatch) -> Evidence:
    """The gradient still has the shape to which its argument was broadcast."""
    got = _array(seen)
    if got is None or got.size <= seen.expected.size:
        return None
    try:
        broadcasts = np.broadcast_shapes(got.shape, seen.expected.shape) == got.shape
    except ValueError:
        return None
    if not broadcasts:
        return None
    unsummed = got.shape == np.shape(seen.cotangent) or close(_folded(got, seen.expected), seen.expected)
    return _shapes(got, seen.expected) if unsummed else None


def _folded(got: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """`got` summed to the shape of `expected`, which broadcasts to it."""
    lead = got.ndim - expected.ndim
    stretched = tuple(lead + i for i, size in enumerate(expected.shape) if size == 1)
    return np.asarray(got.sum(axis=(*range(lead), *stretched))).reshape(expected.shape)


def turned(seen: Seen) -> Evidence:
    """The right numbers with two axes exchanged; on rectangular arrays it has another shape, too."""
    got = _array(seen)
    if got is None or not _tellable(seen.expected) or got.ndim != seen.expected.ndim:
        return None
    for order in swaps(got.ndim):
        if _is_reordered(got, seen.expected, order):
            return {"axes": [i for i, axis in enumerate(order) if i != axis]}
    return None


def permuted(seen: Seen) -> Evidence:
    """The right numbers with more than two axes in another order."""
    got = _array(seen)
    if got is None or not _tellable(seen.expected) or got.ndim != seen.expected.ndim or got.ndim < 3:
        return None
    for order in permutations(got.ndim):
        if order not in swaps(got.ndim) and _is_reordered(got, seen.expected, order):
            return {"axes": list(order)}
    return None


def _is_reordered(got: np.ndarray, expected: np.ndarray, order: tuple[int, ...]) -> bool:
    moved = expected.transpose(order)
    return close(got, moved) and not close(moved, expected)


def _tellable(expected: Any) -> bool:
    """Would an exchange of axes show?"""
    return is_float_array(expected) and expected.ndim >= 2 and 0 < peak(expected) < np.inf


def wrong_shape(seen: Seen) -> Evidence:
    got = _array(seen)
    if got is None or not isinstance(seen.expected, np.ndarray) or got.shape == seen.expected.shape:
        return None
    evidence = _shapes(got, seen.expected)
    if got.size == seen.expected.size and close(got.astype(np.float64).ravel(), seen.expected.ravel()):
        evidence["numbers"] = "right, and in the right order"
    return evidence


def not_finite(seen: Seen) -> Evidence:
    """NaN or infinity where the right number is finite."""
    got = _array(seen)
    if got is None or got.dtype.kind != "f" or not _is_numbers(seen.expected) or got.shape != seen.expected.shape:
        return None
    wrong = ~np.isfinite(got) & np.isfinite(seen.expected)
    if not wrong.any():
        return None
    first = np.argwhere(wrong)[0]
    kind = "NaN" if np.isnan(got[tuple(first)]) else "infinity"
    return {"kind": kind, "count": int(wrong.sum()), "first": [int(i) for i in first]}


def _is_numbers(expected: Any) -> bool:
    return isinstance(expected, np.ndarray) and expected.dtype.kind in "iuf"


def zero(seen: Seen) -> Evidence:
    """All zero, and should not be."""
    got = _array(seen)
    if got is None or not is_float_array(seen.expected) or got.shape != seen.expected.shape or not got.size:
        return None
    return {} if not got.any() and peak(seen.expected) > 0 else None


def wrong_dtype(seen: Seen) -> Evidence:
    """Integers or booleans where floats belong (or the other way round), or floats of fewer digits."""
    got = _array(seen)
    if got is None or not isinstance(seen.expected, np.ndarray) or got.shape != seen.expected.shape:
        return None
    kinds = got.dtype.kind, seen.expected.dtype.kind
    if kinds != ("f", "f"):
        alike = kinds[0] == kinds[1] or (kinds[0] in "iu" and kinds[1] in "iu")
        return None if alike else {"yours_dtype": str(got.dtype), "expected_dtype": str(seen.expected.dtype)}
    for narrow in (np.float16, np.float32):
        if _is_rounded(got, seen.expected, narrow):
            return {"yours_dtype": np.dtype(narrow).name, "expected_dtype": str(seen.expected.dtype)}
    return None


def _is_rounded(got: np.ndarray, expected: np.ndarray, narrow: Any) -> bool:
    """Do all entries fit into the narrow type, and differ by about its precision?"""
    if expected.dtype.itemsize <= np.dtype(narrow).itemsize or not np.isfinite(got).all() or got.size < 2:
        return False
    with np.errstate(over="ignore"):
        if not np.array_equal(got, got.astype(narrow)):
            return False
    off = peak(got - expected) / (peak(expected) or 1.0)
    return 1e-9 < off <= 64 * float(np.finfo(narrow).eps)


def _both(code_of_gradient: str, code_of_value: str, see: Any) -> list[Rule]:
    return [
        Rule(code_of_gradient, GradientMismatch, see, Rank.STRUCTURE),
        Rule(code_of_value, ValueMismatch, see, Rank.STRUCTURE),
    ]


RULES: list[Rule] = [
    Rule("gradient-missing", GradientMismatch, missing, Rank.STRUCTURE),
    *_both("wrong-type", "wrong-type", wrong_type),
    Rule("gradient-not-summed", GradientMismatch, not_summed, Rank.STRUCTURE),
    *_both("gradient-transposed", "value-transposed", turned),
    *_both("gradient-permuted", "value-permuted", permuted),
    *_both("gradient-shape", "wrong-shape", wrong_shape),
    *_both("wrong-dtype", "wrong-dtype", wrong_dtype),
    *_both("not-finite", "not-finite", not_finite),
    *_both("gradient-zero", "value-zero", zero),
]
