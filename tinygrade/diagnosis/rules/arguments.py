"""Gradients that went to the wrong argument, and tensors that are used more than once."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinygrade.diagnosis.arrays import close, is_float_array, peak
from tinygrade.diagnosis.catalogue import Rank, Rule
from tinygrade.diagnosis.observations import GradientMismatch

Evidence = Mapping[str, Any] | None
#: Ways from the result to the tensor that are told apart; with more of them a fit may be an accident.
MAX_WAYS = 6


def of_another(seen: GradientMismatch) -> Evidence:
    """The gradient is the right one of another argument."""
    got = np.asarray(seen.got)
    if got.size < 2:
        return None
    for position, other in zip(seen.wrt, seen.expected_grads, strict=False):
        if position != seen.position and is_float_array(other) and peak(other) and close(got, other):
            name = seen.names[position] if position < len(seen.names) else f"argument {position + 1}"
            return {"gradient_of": name}
    return None


def out_of_order(seen: GradientMismatch) -> Evidence:
    """In a graph, ways are lost or counted again, though what arrives at one tensor adds up."""
    times = _times(seen) if len(seen.positions) < 2 else None
    return {"ways": len(times), "times": times} if times and _adds_up(seen) is True else None


def overwritten(seen: GradientMismatch) -> Evidence:
    """Some of the ways by which the tensor acts on the result count, others are lost."""
    times = _times(seen)
    return {"ways": len(times), "times": times} if times and max(times) == 1 and not _adds_up(seen) else None


def doubled(seen: GradientMismatch) -> Evidence:
    """Some ways count more than once."""
    times = _times(seen)
    return {"ways": len(times), "times": times} if times and max(times) > 1 and not _adds_up(seen) else None


def _adds_up(seen: GradientMismatch) -> bool | None:
    return None if seen.adds_up is None else seen.adds_up()


def _times(seen: GradientMismatch) -> list[int] | None:
    """How often each way counts in the student's gradient; None when no small numbers fit."""
    ways = _ways(seen)
    chosen = next((c for c in _combinations(len(ways), range(4)) if _fits(seen, ways, c)), None)
    return None if chosen is None else list(chosen)


def _ways(seen: GradientMismatch) -> list[np.ndarray]:
    """The reference's gradient by each way, where there are several, none of them without effect."""
    if seen.contributions is None or np.size(seen.got) < 1:
        return []
    ways = [np.asarray(way) for way in seen.contributions()]
    usable = 1 < len(ways) <= MAX_WAYS and all(way.shape == seen.expected.shape and peak(way) for way in ways)
    return ways if usable else []


def _combinations(count: int, times: Sequence[int]) -> list[tuple[int, ...]]:
    """How often each way counts: the simplest first. None for a single way."""
    if count < 2 or len(times) ** count > 4096:
        return []
    return sorted(itertools.product(times, repeat=count), key=lambda chosen: sum(abs(n - 1) for n in chosen))


def _fits(seen: GradientMismatch, ways: Sequence[np.ndarray], chosen: Sequence[int]) -> bool:
    total = sum((n * way for n, way in zip(chosen, ways, strict=True)), np.zeros_like(seen.expected))
    return peak(total) > 0 and close(np.asarray(seen.got), total) and not close(total, seen.expected)


REUSE: list[Rule] = [
    Rule("visiting-order", GradientMismatch, out_of_order, Rank.PATTERN),
    Rule("reuse-overwritten", GradientMismatch, overwritten, Rank.PATTERN),
    Rule("reuse-doubled", GradientMismatch, doubled, Rank.PATTERN),
]
RULES: list[Rule] = [Rule("wrong-argument", GradientMismatch, of_another, Rank.PATTERN)]
