"""Which entries are wrong: repeated rows, one per row, those of negative inputs, all of a row by the same amount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrade.diagnosis.arrays import close, differing, float_arrays, integer_arrays, is_float_array, peak
from tinygrade.diagnosis.catalogue import Rank, Rule
from tinygrade.diagnosis.constants import labelled
from tinygrade.diagnosis.observations import GradientMismatch, ValueMismatch

Seen = GradientMismatch | ValueMismatch
Evidence = Mapping[str, Any] | None


def repeated_index(seen: GradientMismatch) -> Evidence:
    """Only rows that were picked more than once are wrong, and each holds what one of its uses gave."""
    got, expected = np.asarray(seen.got), seen.expected
    for _, ids in integer_arrays(seen.inputs):
        if not expected.ndim or np.shape(seen.cotangent) != ids.shape + expected.shape[1:] or not expected.shape[0]:
            continue
        rows = ids.ravel() % expected.shape[0]
        incoming = np.reshape(seen.cotangent, (rows.size, *expected.shape[1:]))
        wrong = [row for row in range(expected.shape[0]) if differing(got[row], expected[row], peak(expected)).any()]
        uses = {row: np.flatnonzero(rows == row) for row in wrong}
        if not wrong or any(len(use) < 2 for use in uses.values()):
            continue
        kept = [_which(got[row], incoming[use]) for row, use in uses.items()]
        if all(kept):
            which = kept[0] if len(set(kept)) == 1 else "one"
            return {"rows": wrong[:8], "uses": [len(use) for use in uses.values()][:8], "kept": which}
    return None


def _which(row: np.ndarray, uses: np.ndarray) -> str:
    """Which of the uses the row holds; "" when it holds none."""
    found = [i for i, use in enumerate(uses) if close(row, use)]
    if not found:
        return ""
    return "the last" if len(uses) - 1 in found else "the first" if 0 in found else "one"


def one_per_row(seen: Seen) -> Evidence:
    """Exactly one entry of every row is wrong: the one that a target or an index picks."""
    got, expected = np.asarray(seen.got), seen.expected
    if not is_float_array(expected) or expected.ndim < 2 or expected.shape[-1] < 3:
        return None
    wrong = differing(got, expected).reshape(-1, expected.shape[-1])
    hit = np.asarray(wrong.any(axis=1))
    if hit.sum() < 2 or not (wrong[hit].sum(axis=1) == 1).all():
        return None
    columns = wrong.argmax(axis=1)
    named = _picked_by(seen, columns, hit)
    if not hit.all() and not named:
        return None
    return {"columns": columns[hit][:8].tolist(), **named}


def _picked_by(seen: Seen, columns: np.ndarray, hit: np.ndarray) -> dict[str, str]:
    arrays = seen.inputs if isinstance(seen, ValueMismatch) else labelled(seen.names, seen.inputs)
    for name, value in arrays.items():
        indices = isinstance(value, np.ndarray) and value.dtype.kind in "iu" and value.size == columns.size
        if indices and np.array_equal(np.ravel(value)[hit], columns[hit]):
            return {"columns_are": str(name)}
    return {}


def centering(seen: GradientMismatch) -> Evidence:
    """The right gradient sums to 0 along an axis; the student's is off by one number per slice."""
    got, expected = np.asarray(seen.got), seen.expected
    off = got - expected
    for axis in reversed(range(expected.ndim)):
        if expected.shape[axis] < 3 or expected.size == expected.shape[axis] < 4:
            continue
        level = off.mean(axis=axis, keepdims=True)
        balanced = peak(expected.sum(axis=axis)) <= 1e-7 * peak(expected)
        if balanced and close(off, np.broadcast_to(level, off.shape), peak(got)) and peak(level) > 1e-6 * peak(got):
            return {"axis": axis, "sums": np.ravel(got.sum(axis=axis))[:8].tolist()}
    return None


def negative(seen: Seen) -> Evidence:
    """Wrong exactly where one input is negative; in arrays that are large enough that this is no accident."""
    expected = seen.expected
    arrays = seen.inputs if isinstance(seen, ValueMismatch) else labelled(seen.names, seen.inputs)
    if not is_float_array(expected):
        return None
    wrong = differing(np.asarray(seen.got), expected)
    for i, value in float_arrays(list(arrays.values())):
        if value.shape != expected.shape:
            continue
        below = value < 0
        if value.size >= 8 and min(below.sum(), (~below).sum()) >= 3 and np.array_equal(wrong, below):
            return {"where_negative": list(arrays)[i], "wrong": int(wrong.sum())}
    return None


REPEATED: list[Rule] = [Rule("repeated-index-overwritten", GradientMismatch, repeated_index, Rank.PATTERN)]
RULES: list[Rule] = [
    Rule("missing-centering", GradientMismatch, centering, Rank.PATTERN),
    Rule("one-entry-per-row", GradientMismatch, one_per_row, Rank.PATTERN),
    Rule("one-entry-per-row", ValueMismatch, one_per_row, Rank.PATTERN),
    Rule("negative-only", GradientMismatch, negative, Rank.PATTERN),
    Rule("negative-only", ValueMismatch, negative, Rank.PATTERN),
]
