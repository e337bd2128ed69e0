"""Under which simpler condition it is right: both sides are asked again, a few times.

Each rule makes simpler inputs, or gives none where the condition holds already; a rule says something only when the
student's gradient is right on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinygrade.diagnosis.arrays import differing, float_arrays, integer_arrays, is_float_array
from tinygrade.diagnosis.catalogue import Rank, Rule
from tinygrade.diagnosis.observations import GradientMismatch, Unanswered, ValueMismatch

Evidence = Mapping[str, Any] | None
#: Evidence and simpler inputs.
Simpler = Iterator[tuple[dict[str, Any], list[Any]]]


def when(simpler: Callable[[GradientMismatch], Simpler]) -> Callable[[GradientMismatch], Evidence]:
    """The rule that is right once `simpler` inputs are."""

    def see(seen: GradientMismatch) -> Evidence:
        for evidence, inputs in simpler(seen):
            try:
                if seen.rerun is not None and seen.rerun(inputs) is None:
                    return evidence
            except Unanswered:
                continue
        return None

    return see


def in_plain_layout(seen: GradientMismatch) -> Simpler:
    """The same numbers, one after the other in memory."""
    if seen.layout != "C":
        yield {"layout": seen.layout}, list(seen.inputs)


def without_broadcasting(seen: GradientMismatch) -> Simpler:
    """All float arrays in the shape of the value, which they were broadcast to."""
    shape = np.shape(seen.expected_output)
    found = dict(float_arrays(seen.inputs))
    if len({value.shape for value in found.values()}) < 2:
        return
    inputs = list(seen.inputs)
    for position, value in found.items():
        try:
            inputs[position] = np.broadcast_to(value, shape).copy()
        except ValueError:
            return
    yield {"shapes": [list(value.shape) for value in found.values()]}, inputs


def without_repeats(seen: GradientMismatch) -> Simpler:
    """Every index once, as far as there are enough rows."""
    for position, ids in integer_arrays(seen.inputs):
        rows = max((value.shape[0] for _, value in float_arrays(seen.inputs) if value.ndim), default=0)
        if ids.ndim and np.unique(ids).size < ids.size:
            yield {"argument": _name(seen, position)}, _with(seen, position, np.arange(ids.size) % max(rows, 1), rows)


def _with(seen: GradientMismatch, position: int, ids: np.ndarray, rows: int) -> list[Any]:
    inputs = list(seen.inputs)
    kept = ids[:rows] if ids.size > rows else ids.reshape(inputs[position].shape)
    inputs[position] = kept.astype(inputs[position].dtype)
    return inputs


def of_ones(seen: GradientMismatch) -> Simpler:
    """Another input that scales: all ones, where it is a vector beside an array."""
    for position, value in float_arrays(seen.inputs):
        if position != seen.position and value.ndim == 1 and any(v.ndim > 1 for _, v in float_arrays(seen.inputs)):
            inputs = list(seen.inputs)
            inputs[position] = np.ones_like(value)
            yield {"ones": _name(seen, position)}, inputs


def one_of_a_batch(seen: GradientMismatch) -> Simpler:
    """Only the first entry along the first axis of every array that is as long."""
    arrays = [value for value in seen.inputs if isinstance(value, np.ndarray) and value.ndim]
    size = max((value.shape[0] for value in arrays if value.ndim == max(a.ndim for a in arrays)), default=0)
    if size > 1 and any(value.ndim > 1 for value in arrays):
        inputs = [v[:1] if isinstance(v, np.ndarray) and v.ndim and v.shape[0] == size else v for v in seen.inputs]
        yield {"batch": size}, inputs


def of_length_one(seen: GradientMismatch) -> Simpler:
    """Axes of one size cut to one entry, in every array; not the first and the last axis of the largest."""
    largest = max((v for _, v in float_arrays(seen.inputs)), key=lambda v: v.ndim, default=np.zeros(()))
    for axis, size in list(enumerate(largest.shape))[1:-1]:
        if size > 1:
            yield {"axis": axis, "size": size}, [_cut(value, size) for value in seen.inputs]


def _cut(value: Any, size: int) -> Any:
    if not isinstance(value, np.ndarray) or size not in value.shape:
        return value
    return value[tuple(slice(0, 1) if n == size else slice(None) for n in value.shape)].copy()


def squares(seen: GradientMismatch) -> Simpler:
    """All axes cut to the smallest size."""
    found = [value for _, value in float_arrays(seen.inputs) if value.ndim]
    size = min((n for value in found for n in value.shape), default=0)
    if size < 2 or all(n == size for value in found for n in value.shape):
        return
    cut = [v[tuple(slice(0, size) for _ in v.shape)].copy() if is_float_array(v) else v for v in seen.inputs]
    yield {"size": size}, cut


def _name(seen: GradientMismatch, position: int) -> str:
    return seen.names[position] if position < len(seen.names) else f"argument {position + 1}"


# ---- the forward -----------------------------------------------------------------------------------


def fits_own_value(seen: ValueMismatch) -> Evidence:
    """The value is wrong, and the gradient is right for that wrong value."""
    return {} if seen.fits is not None and seen.fits() is True else None


def fits_own_forward(seen: GradientMismatch) -> Evidence:
    """The same, where only gradients are judged."""
    output, right = (
        np.asarray(value) if isinstance(value, np.ndarray | np.generic) else None
        for value in (seen.output, seen.expected_output)
    )
    if seen.fits is None or output is None or right is None or output.shape != right.shape or not is_float_array(right):
        return None
    return {} if differing(output, right).any() and seen.fits() is True else None


CONDITIONS: Sequence[tuple[str, Callable[[GradientMismatch], Simpler]]] = (
    ("layout-only", in_plain_layout),
    ("broadcast-only", without_broadcasting),
    ("repeats-only", without_repeats),
    ("scale-only", of_ones),
    ("batch-only", one_of_a_batch),
    ("length-only", of_length_one),
    ("rectangular-only", squares),
)
RULES: list[Rule] = [
    Rule("forward-only", GradientMismatch, fits_own_forward, Rank.RERUN),
    *(Rule(code, GradientMismatch, when(simpler), Rank.RERUN) for code, simpler in CONDITIONS),
    Rule("forward-only", ValueMismatch, fits_own_value, Rank.RERUN),
]
