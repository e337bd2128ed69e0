"""The error of each entry of an array, small enough for a report."""

from __future__ import annotations

import math

import numpy as np

from tinygrade.errormap import MOST, ErrorMap
from tinygrade.text import clean_line

#: What stands for an entry that is not finite while the worst of a block is looked for.
_WORST = np.inf


def error_map(got: np.ndarray, expected: np.ndarray, wrong: np.ndarray, name: str) -> ErrorMap | None:
    """Which entries are wrong, and by how much; None for less than two entries.

    Args:
        got, expected: arrays of one shape, of numbers or of truth values.
        wrong: bool, the same shape: beyond the tolerance.
    """
    if expected.size < 2:
        return None
    mine, theirs = np.array(got, dtype=np.float64), np.array(expected, dtype=np.float64)
    usable = np.isfinite(theirs)
    with np.errstate(all="ignore"):
        largest = float(np.max(np.abs(theirs[usable]), initial=0.0)) or 1.0
        errors = np.where(wrong, np.abs(mine - theirs) / largest, 0.0)
    errors[wrong & ~(np.isfinite(mine) & usable)] = _WORST
    table = _blocks(errors.reshape(-1, errors.shape[-1]))
    rows = tuple(tuple(_rounded(float(error)) for error in row) for row in table)
    return ErrorMap(clean_line(name), tuple(expected.shape), rows)


def _blocks(table: np.ndarray) -> np.ndarray:
    """The worst entry of each block, (R, C) -> at most (32, 32)."""
    for axis in (0, 1):
        starts = np.arange(0, table.shape[axis], math.ceil(table.shape[axis] / MOST))
        table = np.maximum.reduceat(table, starts, axis=axis)
    return table


def _rounded(error: float) -> float | None:
    # an entry that is wrong must not be rounded to one that is right
    return float(f"{error:.1e}") if math.isfinite(error) else None
