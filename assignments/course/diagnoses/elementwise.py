"""Wrong slopes of functions that work entry by entry, and wrong shares of functions of two arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Rule

from .formulas import Call, Claims, gradients, value, values
from .numbers import unbroadcast

#: Functions of one array, and the functions of input x and output y that are taken for their slope.
UNARY: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "ops.exp": np.exp,
    "ops.log": np.log,
    "ops.tanh": np.tanh,
    "ops.relu": lambda x: np.maximum(x, 0.0),
    "ops.neg": np.negative,
}
SLOPES: dict[str, Callable[[Any, Any], Any]] = {
    "x": lambda x, y: x,
    "y": lambda x, y: y,
    "1 / x": lambda x, y: 1.0 / x,
    "1 / y": lambda x, y: 1.0 / y,
    "x ** 2": lambda x, y: x**2,
    "y ** 2": lambda x, y: y**2,
    "1 / x ** 2": lambda x, y: 1.0 / x**2,
    "1 - y": lambda x, y: 1.0 - y,
    "1 - x": lambda x, y: 1.0 - x,
    "1 + y": lambda x, y: 1.0 + y,
    "y ** 2 - 1": lambda x, y: y**2 - 1.0,
    "1 - y ** 2": lambda x, y: 1.0 - y**2,
    "1 - x ** 2": lambda x, y: 1.0 - x**2,
    "1 + y ** 2": lambda x, y: 1.0 + y**2,
    "(1 - y) ** 2": lambda x, y: (1.0 - y) ** 2,
    "y * (1 - y)": lambda x, y: y * (1.0 - y),
    "x * y": lambda x, y: x * y,
    "exp(x)": lambda x, y: np.exp(x),
    "exp(-x)": lambda x, y: np.exp(-x),
    "exp(y)": lambda x, y: np.exp(y),
    "log(x)": lambda x, y: np.log(x),
    "log(y)": lambda x, y: np.log(y),
    "x * exp(x - 1)": lambda x, y: x * np.exp(x - 1.0),
    "y / x": lambda x, y: y / x,
    "|x|": lambda x, y: np.abs(x),
    "sign(x)": lambda x, y: np.sign(x),
}


def _slopes(forward: Callable[[np.ndarray], np.ndarray]) -> Callable[[Call], Claims]:
    def claims(call: Call) -> Claims:
        y = forward(call.x)
        for name, slope in SLOPES.items():
            for sign in (1.0, -1.0):
                shown = name if sign > 0 else f"-({name})"
                yield {"slope": shown}, lambda slope=slope, sign=sign: sign * call.g * slope(call.x, y)

    return claims


def _gates(call: Call) -> Claims:
    """What else than "x is positive" may open the gate of relu."""
    x, g = call.x, call.g
    yield {"open_where": "x < 0"}, lambda: g * (x < 0)
    yield {"open_where": "x <= 0"}, lambda: g * (x <= 0)
    yield {"open_where": "the incoming gradient is positive"}, lambda: g * (g > 0)
    yield {"open_where": "x is positive and the incoming gradient, too"}, lambda: g * ((g > 0) & (x > 0))
    yield {"open_where": "x is not zero"}, lambda: g * (x != 0)


def _at_zero(call: Call) -> Claims:
    for share in (1.0, 0.5):
        yield {"slope_at_zero": share}, lambda share=share: call.g * ((call.x > 0) + share * (call.x == 0))


def _leaky(call: Call) -> Claims:
    for leak in (0.01, 0.1, 0.2):
        yield {"slope_below_zero": leak}, lambda leak=leak: call.g * np.where(call.x > 0, 1.0, leak)


def _products(own: int) -> Callable[[Call], Claims]:
    """a * b and a / b with the factors mixed up."""

    def claims(call: Call) -> Claims:
        g, a, b = call.g, call.a, call.b
        shape = np.shape((a, b)[own])
        factors = {
            "a": lambda: a,
            "b": lambda: b,
            "1 / a": lambda: 1.0 / a,
            "1 / b": lambda: 1.0 / b,
            "a * b": lambda: a * b,
            "a / b": lambda: a / b,
            "b / a": lambda: b / a,
            "1 / b ** 2": lambda: 1.0 / b**2,
            "a / b ** 2": lambda: a / b**2,
            "a ** 2": lambda: a**2,
            "b ** 2": lambda: b**2,
        }
        for name, factor in factors.items():
            for sign in (1.0, -1.0):
                shown = name if sign > 0 else f"-({name})"
                yield {"factor": shown}, lambda factor=factor, sign=sign: unbroadcast(sign * g * factor(), shape)

    return claims


def _base(call: Call) -> Claims:
    """The gradient of the base of a power."""
    g, a, b = call.g, call.a, call.b
    slopes = {
        "without the exponent as a factor": lambda: a ** (b - 1.0),
        "with the exponent not lowered": lambda: b * a**b,
        "with the exponent lowered twice": lambda: b * a ** (b - 2.0),
        "with the lowered exponent as a factor": lambda: (b - 1.0) * a ** (b - 1.0),
        "with base and exponent exchanged": lambda: a * b ** (a - 1.0),
        "that of the exponent": lambda: a**b * np.log(a),
        "the power itself": lambda: a**b,
        "always that of a square": lambda: 2.0 * a,
    }
    for name, slope in slopes.items():
        yield {"slope": name}, lambda slope=slope: unbroadcast(g * slope(), np.shape(a))


def _exponent(call: Call) -> Claims:
    """The gradient of the exponent of a power."""
    g, a, b = call.g, call.a, call.b
    slopes = {
        "without a logarithm": lambda: a**b,
        "with the logarithm of the exponent": lambda: a**b * np.log(b),
        "with the logarithm alone": lambda: np.log(a),
        "with base 2": lambda: a**b * np.log2(a),
        "with base 10": lambda: a**b * np.log10(a),
        "that of the base": lambda: b * a ** (b - 1.0),
        "with the exponent lowered": lambda: a ** (b - 1.0) * np.log(a),
    }
    for name, slope in slopes.items():
        yield {"slope": name}, lambda slope=slope: unbroadcast(g * slope(), np.shape(b))


def _ties(own: str) -> Callable[[Call], Claims]:
    """Who gets the gradient where two arrays are equal, when nothing else is wrong."""

    def claims(call: Call) -> Claims:
        mine = call.arguments[own]
        other = call.b if own == "a" else call.a
        for share in (0.0, 1.0):
            yield (
                {"share_of_ties": share},
                lambda share=share: unbroadcast(call.g * ((mine > other) + share * (mine == other)), np.shape(mine)),
            )

    return claims


def _sides(own: str) -> Callable[[Call], Claims]:
    def claims(call: Call) -> Claims:
        mine = call.arguments[own]
        other = call.b if own == "a" else call.a
        half = 0.5 * (mine == other)
        shape = np.shape(mine)
        yield {"gets": "the gradient of the smaller"}, lambda: unbroadcast(call.g * ((mine < other) + half), shape)
        for share in (0.0, 1.0):
            tied = share * (mine == other)
            yield (
                {"gets": "the gradient of the smaller"},
                lambda tied=tied: unbroadcast(call.g * ((mine < other) + tied), shape),
            )
        yield {"gets": "the whole gradient"}, lambda: unbroadcast(call.g, shape)
        yield {"gets": "half of the gradient"}, lambda: unbroadcast(0.5 * call.g, shape)

    return claims


def _choices(own: str) -> Callable[[Call], Claims]:
    def claims(call: Call) -> Claims:
        mine = call.condition if own == "a" else ~np.asarray(call.condition, dtype=bool)
        shape = np.shape(call.arguments[own])
        yield {"gets": "what belongs to the other side"}, lambda: unbroadcast(call.g * ~np.asarray(mine, bool), shape)
        yield {"gets": "the whole gradient"}, lambda: unbroadcast(call.g, shape)
        kept = np.asarray(mine, bool)
        yield {"gets": "its own values"}, lambda: unbroadcast(kept * call.arguments[own], shape)

    return claims


def _guarded(call: Call) -> Claims:
    """A small number added before a logarithm is taken or a division made."""
    for eps in (1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12):
        yield {"added": eps}, lambda eps=eps: np.log(call.x + eps)


def _guarded_slope(call: Call) -> Claims:
    for eps in (1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12):
        yield {"added": eps}, lambda eps=eps: call.g / (call.x + eps)


RULES: list[Rule] = [
    values("logarithm-of-more", "ops.log", _guarded),
    gradients("logarithm-of-more", "ops.log", 0, _guarded_slope),
    gradients("relu-gate", "ops.relu", 0, _gates),
    gradients("relu-at-zero", "ops.relu", 0, _at_zero),
    gradients("relu-at-zero", "ops.relu", 0, _leaky),
    value("relu-gate", "ops.relu", lambda call: np.minimum(call.x, 0.0)),
    value("relu-gate", "ops.relu", lambda call: np.abs(call.x)),
    *(gradients("slope-of-another-function", about, 0, _slopes(forward)) for about, forward in UNARY.items()),
    *(gradients("wrong-factor", about, i, _products(i)) for about in ("ops.mul", "ops.div") for i in (0, 1)),
    gradients("power-slope", "ops.power", 0, _base),
    gradients("power-slope", "ops.power", 1, _exponent),
    *(gradients("maximum-ties", "ops.maximum", i, _ties("ab"[i])) for i in (0, 1)),
    *(gradients("maximum-side", "ops.maximum", i, _sides("ab"[i])) for i in (0, 1)),
    *(gradients("where-side", "ops.where", i + 1, _choices("ab"[i])) for i in (0, 1)),
    value("where-side", "ops.where", lambda call: np.where(call.condition, call.b, call.a)),
    value("maximum-side", "ops.maximum", lambda call: np.minimum(call.a, call.b)),
]
