"""Values of a forward: off by a constant, moved along an axis, taken over another axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np

from tinygrade.diagnosis.arrays import close, is_float_array, is_generic, peak
from tinygrade.diagnosis.catalogue import Rank, Rule
from tinygrade.diagnosis.observations import ValueMismatch

Evidence = Mapping[str, Any] | None
REDUCTIONS: Mapping[str, Callable[..., Any]] = {
    "sum": np.sum,
    "mean": np.mean,
    "largest": np.max,
    "smallest": np.min,
    "variance": np.var,
    "standard deviation": np.std,
    "product": np.prod,
}


def offset(seen: ValueMismatch) -> Evidence:
    """Every entry is off by the same number."""
    got, expected = np.asarray(seen.got), seen.expected
    if not is_float_array(expected) or expected.size < 3 or not is_generic(expected) or not np.isfinite(got).all():
        return None
    level = float(np.mean(got - expected))
    scale = max(peak(got), peak(expected))
    return {"offset": level} if abs(level) > 1e-6 * scale and close(got, expected + level, scale) else None


def shifted(seen: ValueMismatch) -> Evidence:
    """The right entries one place further along an axis; what comes in at the end may be anything."""
    got, expected = np.asarray(seen.got), seen.expected
    if not is_float_array(expected) or not is_generic(expected):
        return None
    for axis in reversed(range(expected.ndim)):
        size = expected.shape[axis]
        if size < 3 or not _differ_along(expected, axis):
            continue
        for by in (1, -1):
            inner = slice(1, None) if by == 1 else slice(0, -1)
            moved = np.roll(expected, by, axis).swapaxes(0, axis)[inner]
            if close(got.swapaxes(0, axis)[inner], moved):
                return {"axis": axis, "by": by}
    return None


def _differ_along(array: np.ndarray, axis: int) -> bool:
    """Do neighbours along the axis differ, so that a shift shows?"""
    steps = np.diff(array, axis=axis)
    return peak(steps) > 1e-6 * peak(array) and not close(steps, np.zeros_like(steps), peak(array))


def another_axis(seen: ValueMismatch) -> Evidence:
    """A reduction of an input over other axes than the right one, or normalised along another axis."""
    return (_reduced(seen) or _normalised(seen)) if is_float_array(seen.expected) else None


def _reduced(seen: ValueMismatch) -> Evidence:
    got, expected = np.asarray(seen.got), seen.expected
    for name, value in seen.inputs.items():
        if not is_float_array(value) or value.ndim < 2 or not is_generic(value):
            continue
        for what, reduce in REDUCTIONS.items():
            right = next((axes for axes in _axes(value.ndim) if _is(reduce, value, axes, expected)), None)
            if right is None:
                continue
            for axes in _axes(value.ndim):
                if axes != right and _is(reduce, value, axes, got):
                    return {"of": str(name), "what": what, "axes": list(axes), "expected_axes": list(right)}
    return None


def _axes(ndim: int) -> Iterator[tuple[int, ...]]:
    for count in range(1, ndim + 1):
        yield from combinations(range(ndim), count)


def _is(reduce: Callable[..., Any], value: np.ndarray, axes: tuple[int, ...], wanted: np.ndarray) -> bool:
    found = np.asarray(reduce(value, axis=axes))
    if found.size != wanted.size:
        return False
    kept = np.asarray(reduce(value, axis=axes, keepdims=True))
    return any(close(wanted, shape) for shape in (found, kept))


def _normalised(seen: ValueMismatch) -> Evidence:
    """Slices along one axis share a property that those of the right value have along another."""
    got, expected = np.asarray(seen.got), seen.expected
    if expected.ndim < 2:
        return None
    for text, measure in _MEASURES.items():
        right = [axis for axis in range(expected.ndim) if _constant(measure, expected, axis)]
        mine = [axis for axis in range(expected.ndim) if _constant(measure, got, axis)]
        if len(right) == len(mine) == 1 and right != mine:
            level = float(np.mean(measure(expected, right[0]))), float(np.mean(measure(got, mine[0])))
            if abs(level[0] - level[1]) <= 1e-6 * max(1.0, abs(level[0])):
                return {"what": text, "axes": mine, "expected_axes": right}
    return None


_MEASURES: Mapping[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "sum": lambda x, axis: np.sum(x, axis=axis),
    "sum of exponentials": lambda x, axis: np.sum(np.exp(np.clip(x, None, 50.0)), axis=axis),
    "length": lambda x, axis: np.sqrt(np.sum(np.square(x), axis=axis)),
    "largest": lambda x, axis: np.max(x, axis=axis),
}


def _constant(measure: Callable[[np.ndarray, int], np.ndarray], value: np.ndarray, axis: int) -> bool:
    """Is the measure of every slice along `axis` the same number, up to rounding?"""
    if value.shape[axis] < 2 or value.size == value.shape[axis]:
        return False
    found = measure(value, axis)
    return bool(np.ptp(found) <= 1e-9 * max(1.0, peak(found)))


RULES: list[Rule] = [
    Rule("wrong-axis", ValueMismatch, another_axis, Rank.PATTERN),
    Rule("value-offset", ValueMismatch, offset, Rank.PATTERN),
    Rule("value-shifted", ValueMismatch, shifted, Rank.PATTERN),
]
