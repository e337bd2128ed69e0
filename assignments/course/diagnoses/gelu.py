"""GELU: other constants, other forms, and a product rule that stops half-way."""

from __future__ import annotations

import math

import numpy as np

from tinygrade.diagnosis.catalogue import Rule

from .formulas import Call, Claims, gradients, values

GELU = "functional.gelu"
RATE, CUBIC = math.sqrt(2.0 / math.pi), 0.044715
#: Other constants that are seen: digits exchanged or left out, the root or the fraction turned over.
CUBICS = (0.44715, 0.0044715, 0.04715, 0.0447, 0.044175, 0.047715, 0.04471, 0.45, 0.0, -CUBIC, 3 * CUBIC, RATE)
RATES = (2.0 / math.pi, math.sqrt(math.pi / 2.0), math.sqrt(1.0 / math.pi), math.sqrt(2.0) / math.pi, 0.7978, 0.8, 1.0)
LOGISTIC = (1.702, 1.7, 1.0, 1.782)


def _inner(x: np.ndarray, rate: float = RATE, cubic: float = CUBIC, power: int = 3) -> np.ndarray:
    return np.asarray(rate * (x + cubic * x**power))


def _constants(call: Call) -> Claims:
    x = call.x
    for cubic in CUBICS:
        yield {"constant": cubic}, lambda cubic=cubic: 0.5 * x * (1.0 + np.tanh(_inner(x, cubic=cubic)))
    for rate in RATES:
        yield {"constant": round(rate, 6)}, lambda rate=rate: 0.5 * x * (1.0 + np.tanh(_inner(x, rate=rate)))
    for power in (2, 4, 1):
        yield {"power": power}, lambda power=power: 0.5 * x * (1.0 + np.tanh(_inner(x, power=power)))
    yield {"factor": "one half left out"}, lambda: x * (1.0 + np.tanh(_inner(x)))
    yield {"factor": "on the cube only"}, lambda: 0.5 * x * (1.0 + np.tanh(x + RATE * CUBIC * x**3))
    yield {"factor": "on x only"}, lambda: 0.5 * x * (1.0 + np.tanh(RATE * x + CUBIC * x**3))


def _other_forms(call: Call) -> Claims:
    x = call.x
    yield {"form": "the error function"}, lambda: 0.5 * x * (1.0 + np.vectorize(math.erf)(x / math.sqrt(2.0)))
    for rate in LOGISTIC:
        yield {"form": "a logistic gate", "rate": rate}, lambda rate=rate: x / (1.0 + np.exp(-rate * x))
    yield {"form": "the gate alone"}, lambda: 0.5 * (1.0 + np.tanh(_inner(x)))
    yield {"form": "relu"}, lambda: np.maximum(x, 0.0)
    yield {"form": "without 1 +"}, lambda: 0.5 * x * np.tanh(_inner(x))
    yield {"form": "1 minus"}, lambda: 0.5 * x * (1.0 - np.tanh(_inner(x)))
    yield {"form": "x left out"}, lambda: 0.5 + np.tanh(_inner(x))


def _gate_constant(call: Call) -> Claims:
    """The gate is taken for a constant, or x is."""
    x, g = call.x, call.g
    gate = 0.5 * (1.0 + np.tanh(_inner(x)))
    yield {"taken_for_constant": "the gate"}, lambda: g * gate
    bend = 1.0 - np.tanh(_inner(x)) ** 2
    steep = RATE * (1.0 + 3.0 * CUBIC * x**2)
    yield {"taken_for_constant": "x"}, lambda: g * 0.5 * x * bend * steep


def _chain_broken(call: Call) -> Claims:
    """Both terms are there; one link of the chain is not."""
    x, g = call.x, call.g
    t = np.tanh(_inner(x))
    gate, bend, steep = 0.5 * (1.0 + t), 1.0 - t**2, RATE * (1.0 + 3.0 * CUBIC * x**2)
    ways = {
        "the slope inside": 0.5 * x * bend,
        "the bend of tanh": 0.5 * x * steep,
        "the cubic part of the slope inside": 0.5 * x * bend * RATE,
        "the factor of the cube": 0.5 * x * bend * RATE * (1.0 + CUBIC * x**2),
        "the square in the slope inside": 0.5 * x * bend * RATE * (1.0 + 3.0 * CUBIC * x),
        "the square of the bend": 0.5 * x * (1.0 - t) * steep,
        "one half": x * bend * steep,
        "x": 0.5 * bend * steep,
        "the rate": 0.5 * x * bend * (1.0 + 3.0 * CUBIC * x**2),
        "the right count of the cube": 0.5 * x * bend * RATE * (1.0 + 2.0 * CUBIC * x**2),
    }
    for name, second in ways.items():
        yield {"missing": name}, lambda second=second: g * (gate + second)
    yield {"missing": "the sign of the second term"}, lambda: g * (gate - 0.5 * x * bend * steep)
    yield {"slope_of": "tanh"}, lambda: g * bend
    yield {"slope_of": "relu"}, lambda: g * (x > 0)


RULES: list[Rule] = [
    values("gelu-coefficient", GELU, _constants),
    values("gelu-form", GELU, _other_forms),
    gradients("gelu-gate-slope", GELU, 0, _gate_constant),
    gradients("gelu-slope", GELU, 0, _chain_broken),
]

