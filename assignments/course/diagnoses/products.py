"""Matrix products, sums, and changes of shape: factors in wrong places, gradients along wrong axes."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Rule, same

from .formulas import Call, Claims, gradients, values


def _all_turned(own: int) -> Any:
    """Of a batch, all axes are turned instead of the last two; visible where all sizes are equal."""

    def claims(call: Call) -> Claims:
        g, a, b = call.g, np.asarray(call.a), np.asarray(call.b)
        if max(a.ndim, b.ndim) > 2:
            yield {"turned": "all axes"}, lambda: (g @ b.T if own == 0 else a.T @ g)

    return claims


def _turned(x: np.ndarray) -> np.ndarray:
    return x.swapaxes(-1, -2)


def _factors(own: int) -> Any:
    """Every product of the incoming gradient with the other operand, or with the operand itself."""

    def claims(call: Call) -> Claims:
        g, other, mine = call.g, (call.b, call.a)[own], (call.a, call.b)[own]
        for name, factor in {"the other operand": other, "the operand itself": mine}.items():
            for turned_g in (False, True):
                for turned in (False, True):
                    x, y = (_turned(g) if turned_g else g), (_turned(factor) if turned else factor)
                    for left, pair in (("gradient", (x, y)), ("operand", (y, x))):
                        evidence = {
                            "factor": name,
                            "left": left,
                            "factor_transposed": turned,
                            "gradient_transposed": turned_g,
                        }
                        yield evidence, lambda pair=pair: _unless_transposed(call, pair[0] @ pair[1])

    return claims


def _unless_transposed(call: Call, product: np.ndarray) -> np.ndarray:
    """The product; but the right gradient transposed is told as such."""
    if same(product, _turned(call.seen.expected)):
        raise ValueError("only transposed")
    return product


def _spread(call: Call) -> Claims:
    """The gradient of a sum along one axis, copied along another; visible on square arrays."""
    x, g, axis = call.x, call.g, call.axis
    if axis is None or np.ndim(x) < 2:
        return
    axes = tuple(i % x.ndim for i in np.atleast_1d(axis))
    scale = call.seen.expected.size / g.size if call.seen.about == "ops.mean" else 1.0
    kept = g if not call.keepdims else g.reshape([n for i, n in enumerate(g.shape) if i not in axes])
    for other in range(x.ndim):
        if other not in axes:
            for factor in {1.0, scale}:
                yield (
                    {"copied_along_axis": other},
                    lambda other=other, factor=factor: np.array(
                        np.broadcast_to(np.expand_dims(kept, other), x.shape) / factor
                    ),
                )


def _sums_elsewhere(call: Call) -> Claims:
    """The sum or mean over other axes than asked for."""
    reduce = np.mean if call.seen.about == "ops.mean" else np.sum
    for axis in (None, *range(call.x.ndim)):
        yield {"axis": axis}, lambda axis=axis: reduce(call.x, axis=axis, keepdims=bool(call.keepdims))


def _reshaped(call: Call) -> Claims:
    """Where axes should be exchanged, the numbers are only poured into the new shape."""
    yield {}, lambda: call.x.reshape(call.seen.expected.shape)
    yield {}, lambda: call.x.reshape(call.seen.expected.shape, order="F")


def _poured_back(call: Call) -> Claims:
    yield {}, lambda: call.g.reshape(call.x.shape)


def _turned_instead(call: Call) -> Claims:
    """Where numbers should only be poured into a new shape, axes are exchanged."""
    x, shape = call.x, call.seen.expected.shape
    for order in permutations(range(x.ndim)):
        if order != tuple(range(x.ndim)):
            yield {"axes": list(order)}, lambda order=order: x.transpose(order).reshape(shape)
    yield {"counted": "along columns first"}, lambda: x.reshape(shape, order="F")


def _turned_back(call: Call) -> Claims:
    g, shape = call.g, call.x.shape
    for order in permutations(range(g.ndim)):
        if order != tuple(range(g.ndim)):
            yield {"axes": list(order)}, lambda order=order: g.transpose(order).reshape(shape)
    yield {"counted": "along columns first"}, lambda: g.reshape(shape, order="F")


def _orders(call: Call) -> Claims:
    """The axes in another order than asked for."""
    for order in permutations(range(call.x.ndim)):
        yield {"axes": list(order)}, lambda order=order: call.x.transpose(order)


def _concat_axis(call: Call) -> Claims:
    parts = [np.asarray(part) for part in call.tensors]
    for axis in range(parts[0].ndim):
        yield {"axis": axis}, lambda axis=axis: np.concatenate(parts, axis=axis)
    yield {"order": "reversed"}, lambda: np.concatenate(parts[::-1], axis=call.axis)


RULES: list[Rule] = [
    *(gradients("matmul-factors", "ops.matmul", i, _factors(i)) for i in (0, 1)),
    *(gradients("matmul-all-axes-turned", "ops.matmul", i, _all_turned(i)) for i in (0, 1)),
    *(gradients("sum-copied-along-another-axis", about, 0, _spread) for about in ("ops.reduce_sum", "ops.mean")),
    *(values("sum-over-another-axis", about, _sums_elsewhere) for about in ("ops.reduce_sum", "ops.mean")),
    values("reshape-for-transpose", "ops.transpose", _reshaped),
    gradients("reshape-for-transpose", "ops.transpose", 0, _poured_back),
    values("transpose-for-reshape", "ops.reshape", _turned_instead),
    gradients("transpose-for-reshape", "ops.reshape", 0, _turned_back),
    values("axes-in-another-order", "ops.transpose", _orders),
    values("concat-order", "ops.concat", _concat_axis),
]
