"""Softmax and its logarithm: wrong axis, overflow, and backward rules that leave something out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Rule

from .formulas import Call, Claims, gradients, value, values

SOFTMAX, LOG_SOFTMAX, RULE = "functional.softmax", "functional.log_softmax", "functional.softmax_vjp"


def _naive(x: np.ndarray, axis: int, top: Any = 0.0) -> np.ndarray:
    """Exponentials over their sum, after `top` is subtracted."""
    raised = np.exp(x - top)
    return np.asarray(raised / raised.sum(axis=axis, keepdims=True))


# ---- values ----------------------------------------------------------------------------------------


def _without_shift(call: Call) -> Claims:
    """Only where the numbers overflow or vanish does this differ from the right softmax."""
    x, axis = call.x, call.axis
    yield {}, lambda: _naive(x, axis)
    yield {}, lambda: np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)


def _wrong_shift(call: Call) -> Claims:
    x, axis = call.x, call.axis
    yield {"shift": "the largest of the whole array"}, lambda: _naive(x, axis, x.max())
    for other in range(x.ndim):
        top = x.max(axis=other, keepdims=True)
        yield {"shift": f"the largest along axis {other}"}, lambda top=top: _naive(x, axis, top)
    yield {"shift": "the mean"}, lambda: _naive(x, axis, x.mean(axis=axis, keepdims=True))


def _log_without_shift(call: Call) -> Claims:
    x, axis = call.x, call.axis
    yield {}, lambda: np.log(_naive(x, axis))
    yield {}, lambda: x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
    yield {"shift": "the largest of the whole array"}, lambda: np.log(_naive(x, axis, x.max()))
    # softmax is stable, but what it rounds to 0 has no logarithm
    yield {"logarithm": "of the rounded softmax"}, lambda: np.log(call.right.functional.softmax(x, axis))
    for eps in (1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-300):
        yield (
            {"logarithm": "of the rounded softmax", "added": eps},
            lambda eps=eps: np.log(call.right.functional.softmax(x, axis) + eps),
        )


def _other_axes(function: str) -> Callable[[Call], Claims]:
    def claims(call: Call) -> Claims:
        right = getattr(call.right.functional, function)
        for axis in range(call.x.ndim):
            yield {"axis": axis, "asked": int(call.axis)}, lambda axis=axis: right(call.x, axis)
        raised = np.exp(call.x - call.x.max(axis=call.axis, keepdims=True))
        for axis in range(call.x.ndim):
            y = raised / raised.sum(axis=axis, keepdims=True)
            logarithm = function == "log_softmax"
            yield {"axis": axis, "asked": int(call.axis)}, lambda y=y, log=logarithm: np.log(y) if log else y
        whole = call.x.reshape(-1)
        yield {"axis": "all", "asked": int(call.axis)}, lambda: right(whole, 0).reshape(call.x.shape)

    return claims


def _row_for_column(call: Call) -> Claims:
    """What belongs to each row stands as a row itself, so that it is taken from the columns; seen on square arrays."""
    x, axis = call.x, call.axis
    top, raised = x.max(axis=axis, keepdims=True), np.exp(x - x.max(axis=axis, keepdims=True))
    loose = raised.sum(axis=axis)
    if call.seen.about == SOFTMAX:
        yield {"not_kept": "the axis of the sum"}, lambda: raised / loose
        yield {"not_kept": "the axis of the largest"}, lambda: _naive(x, axis, x.max(axis=axis))
        slid = np.exp(x - x.max(axis=axis))
        yield {"not_kept": "both axes"}, lambda: slid / slid.sum(axis=axis)
    else:
        yield {"not_kept": "the axis of the sum"}, lambda: x - top - np.log(loose)
        yield {"not_kept": "both axes"}, lambda: x - (np.log(loose) + np.squeeze(top, axis))
        yield {"not_kept": "the axis of the largest"}, lambda: np.log(_naive(x, axis, x.max(axis=axis)))


# ---- gradients -------------------------------------------------------------------------------------


def _own_entry_only(g: np.ndarray, y: np.ndarray) -> Claims:
    yield {}, lambda: g * y * (1.0 - y)
    yield {}, lambda: y * (g - g * y)


def _something_forgotten(g: np.ndarray, y: np.ndarray, axis: int) -> Claims:
    """Every form with one piece left out or put in the wrong place."""
    total = (g * y).sum(axis=axis, keepdims=True)
    yield {"left_out": "what all entries share"}, lambda: g * y
    yield {"left_out": "the outer factor"}, lambda: g - total
    yield {"left_out": "the incoming gradient in what is shared"}, lambda: y * (g - y.sum(axis=axis, keepdims=True))
    yield {"left_out": "the output in what is shared"}, lambda: y * (g - g.sum(axis=axis, keepdims=True))
    yield {"left_out": "the incoming gradient in one term"}, lambda: y * (1.0 - total)
    yield {"shared": "as a mean"}, lambda: y * (g - total / y.shape[axis])
    yield {"shared": "the mean of the incoming gradient"}, lambda: y * (g - g.mean(axis=axis, keepdims=True))
    yield {"shared": "added"}, lambda: y * (g + total)
    yield {"shared": "minus one factor"}, lambda: g * y - total
    yield {"shared": "over the whole array"}, lambda: y * (g - (g * y).sum())


def _rule_over_other_axes(g: np.ndarray, y: np.ndarray, axis: int) -> Claims:
    for other in range(y.ndim):
        if other != axis % y.ndim:
            yield {"axis": other}, lambda other=other: y * (g - (g * y).sum(axis=other, keepdims=True))


def _taken_from_the_input(g: np.ndarray, x: np.ndarray, axis: int) -> Claims:
    """The input stands where the output belongs."""
    yield {}, lambda: x * (g - (g * x).sum(axis=axis, keepdims=True))
    yield {}, lambda: g * x * (1.0 - x)


def _of_softmax(claims: Callable[..., Claims], with_axis: bool = True) -> Callable[[Call], Claims]:
    """A family in terms of g and y, for the function on tensors, where y is not at hand."""

    def of(call: Call) -> Claims:
        y = call.right.functional.softmax(call.x, call.axis)
        return claims(call.g, y, call.axis) if with_axis else claims(call.g, y)

    return of


def _of_rule(claims: Callable[..., Claims], with_axis: bool = True) -> Callable[[Call], Claims]:
    """The same family for the rule on arrays, which is given y."""
    return lambda call: claims(call.g, call.y, call.axis) if with_axis else claims(call.g, call.y)


def _log_slopes(call: Call) -> Claims:
    g, axis = call.g, call.axis
    y = call.right.functional.softmax(call.x, axis)
    yield {"left_out": "what all entries share"}, lambda: g
    yield {"left_out": "the sum over the row"}, lambda: g - y * g
    yield {"left_out": "the output"}, lambda: g - g.sum(axis=axis, keepdims=True)
    yield {"left_out": "the incoming gradient in what is shared"}, lambda: g - y
    yield {"slope_of": "softmax"}, lambda: y * (g - (g * y).sum(axis=axis, keepdims=True))
    yield {"shared": "as a mean"}, lambda: g - y * g.mean(axis=axis, keepdims=True)
    total = g.sum(axis=axis, keepdims=True)
    yield {"shared": "the logarithm instead of the probability"}, lambda: g - np.log(y) * total
    yield {"shared": "added"}, lambda: g + y * total
    for other in range(y.ndim):
        yield {"axis": other}, lambda other=other: g - y * g.sum(axis=other, keepdims=True)


RULES: list[Rule] = [
    values("softmax-overflow", SOFTMAX, _without_shift),
    values("softmax-overflow", LOG_SOFTMAX, _log_without_shift),
    values("softmax-global-maximum", SOFTMAX, _wrong_shift),
    values("softmax-axis", SOFTMAX, _other_axes("softmax")),
    values("softmax-axis", LOG_SOFTMAX, _other_axes("log_softmax")),
    values("row-for-column", SOFTMAX, _row_for_column),
    values("row-for-column", LOG_SOFTMAX, _row_for_column),
    value("softmax-not-normalised", SOFTMAX, lambda call: np.exp(call.x)),
    value(
        "softmax-not-normalised", SOFTMAX, lambda call: np.exp(call.x - call.x.max(axis=call.axis, keepdims=True))
    ),
    value("softmax-not-normalised", LOG_SOFTMAX, lambda call: call.x - call.x.max(axis=call.axis, keepdims=True)),
    value("softmax-logarithm", LOG_SOFTMAX, lambda call: call.right.functional.softmax(call.x, call.axis)),
    value("softmax-logarithm", SOFTMAX, lambda call: call.right.functional.log_softmax(call.x, call.axis)),
    value("softmax-logarithm", LOG_SOFTMAX, lambda call: -call.right.functional.log_softmax(call.x, call.axis)),
    gradients("softmax-diagonal-only", SOFTMAX, 0, _of_softmax(_own_entry_only, False)),
    values("softmax-diagonal-only", RULE, _of_rule(_own_entry_only, False)),
    gradients("softmax-backward-axis", SOFTMAX, 0, _of_softmax(_rule_over_other_axes)),
    values("softmax-backward-axis", RULE, _of_rule(_rule_over_other_axes)),
    gradients("softmax-centering", SOFTMAX, 0, _of_softmax(_something_forgotten)),
    values("softmax-centering", RULE, _of_rule(_something_forgotten)),
    gradients("softmax-backward-input", SOFTMAX, 0, lambda call: _taken_from_the_input(call.g, call.x, call.axis)),
    values("softmax-zero", RULE, lambda call: [({}, lambda: np.zeros_like(call.y))]),
    gradients("log-softmax-sum", LOG_SOFTMAX, 0, _log_slopes),
]
