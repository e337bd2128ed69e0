"""Undoing a broadcast in wrong ways: ops.unbroadcast itself, and the gradients of the ops that use it."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Rule

from .formulas import Call, Claims, values

UNBROADCAST = "ops.unbroadcast"


def _stretched(g: np.ndarray, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The axes of g along which an array of `shape` was repeated."""
    lead = g.ndim - len(shape)
    return (*range(lead), *(lead + i for i, size in enumerate(shape) if size == 1 and g.shape[lead + i] != 1))


def _means(call: Call) -> Claims:
    g, shape = call.g, tuple(call.shape)
    axes = _stretched(g, shape)
    yield {"instead_of_sum": "mean"}, lambda: g.mean(axis=axes).reshape(shape)
    yield {"instead_of_sum": "maximum"}, lambda: g.max(axis=axes).reshape(shape)
    for which in (0, -1):
        yield {"instead_of_sum": "one copy"}, lambda which=which: _one_copy(g, axes, which).reshape(shape)


def _one_copy(g: np.ndarray, axes: tuple[int, ...], which: int) -> np.ndarray:
    index: list[Any] = [slice(None)] * g.ndim
    for axis in axes:
        index[axis] = which
    return g[tuple(index)]


def _other_axes(call: Call) -> Claims:
    """Sums over axes that have the right sizes, or over too many, forced into the shape."""
    g, shape = call.g, tuple(call.shape)
    right = set(_stretched(g, shape))
    for count in range(g.ndim + 1):
        for axes in combinations(range(g.ndim), count):
            if set(axes) != right:
                yield {"summed_axes": list(axes)}, lambda axes=axes: g.sum(axis=axes).reshape(shape)
                yield (
                    {"summed_axes": list(axes), "then": "broadcast"},
                    lambda axes=axes: np.broadcast_to(g.sum(axis=axes, keepdims=True), shape),
                )


def _flattened(call: Call) -> Claims:
    """The first numbers of g, or g folded into the shape without regard to what belongs together."""
    g, shape = call.g, tuple(call.shape)
    yield {"took": "the first numbers"}, lambda: g.reshape(-1)[: int(np.prod(shape))].reshape(shape)
    yield {"took": "rows of a reshaped array"}, lambda: g.reshape(-1, *shape).sum(axis=0)
    yield {"took": "columns of a reshaped array"}, lambda: g.reshape(*shape, -1).sum(axis=-1)


RULES: list[Rule] = [
    values("unbroadcast-not-summed", UNBROADCAST, _means),
    values("unbroadcast-axes", UNBROADCAST, _other_axes),
    values("unbroadcast-axes", UNBROADCAST, _flattened),
]
