"""Clipping of gradients and the schedule of the learning rate."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Rule

from .formulas import Call, Claims, values

CLIP, NORM, SCHEDULE = "optim.clip_grad_norm", "optim.clip_grad_norm.result", "optim.lr_at"


def _norm(gradients: list[np.ndarray]) -> float:
    return math.sqrt(sum(float(np.sum(g * g)) for g in gradients))


def _scaled(gradients: list[np.ndarray], factor: float) -> list[np.ndarray]:
    return [factor * g for g in gradients]


def _each(call: Call) -> Claims:
    most = call.max_norm
    yield {}, lambda: [g * min(1.0, most / _norm([g])) for g in call.gradients]
    yield {"always": True}, lambda: [g * (most / _norm([g])) for g in call.gradients]


def _entries(call: Call) -> Claims:
    yield {}, lambda: [np.clip(g, -call.max_norm, call.max_norm) for g in call.gradients]


def _always(call: Call) -> Claims:
    yield {}, lambda: _scaled(call.gradients, call.max_norm / _norm(call.gradients))


def _other_norms(call: Call) -> Claims:
    gradients, most = call.gradients, call.max_norm
    norm = _norm(gradients)
    norms = {
        "the squared norm": norm**2,
        "the sum of all sizes": sum(float(np.abs(g).sum()) for g in gradients),
        "the largest entry": max(float(np.abs(g).max()) for g in gradients),
        "the sum of the norms": sum(_norm([g]) for g in gradients),
        "the largest norm of one gradient": max(_norm([g]) for g in gradients),
        "the root of the mean square": norm / math.sqrt(sum(g.size for g in gradients)),
        "the norm of the first gradient": _norm(gradients[:1]),
        "the norm of the last gradient": _norm(gradients[-1:]),
    }
    for name, size in norms.items():
        yield {"measured": name}, lambda size=size: _scaled(gradients, most / size)
        yield {"measured": name}, lambda size=size: _scaled(gradients, min(1.0, most / size))
        yield {"measured": name, "divided_by": "the right norm"}, lambda size=size: (
            _scaled(gradients, most / norm if size > most else 1.0)
        )


def _factor(call: Call) -> Claims:
    gradients, most = call.gradients, call.max_norm
    norm = _norm(gradients)
    factors = {
        "the inverse": norm / most,
        "one over the norm": 1.0 / norm,
        "the largest norm itself": most,
        "the square": (most / norm) ** 2,
        "the root": math.sqrt(most / norm),
        "none": 1.0,
    }
    for name, factor in factors.items():
        yield {"factor": name}, lambda factor=factor: _scaled(gradients, factor)


def _after(call: Call) -> Claims:
    yield {"result": "the norm after clipping"}, lambda: min(_norm(call.gradients), call.max_norm)
    yield {"result": "the factor"}, lambda: call.max_norm / _norm(call.gradients)
    yield {"result": "the factor"}, lambda: min(1.0, call.max_norm / _norm(call.gradients))
    yield {"result": "the largest norm that is allowed"}, lambda: call.max_norm


def _squared_result(call: Call) -> Claims:
    yield {"measured": "the squared norm"}, lambda: _norm(call.gradients) ** 2


# ---- the schedule: `steps` are those of the table that was compared --------------------------------

Rate = Callable[[Call, float], float]


def _way_down(curve: Callable[[float], float]) -> Rate:
    """The right schedule, but for the curve between warm-up and end: from its progress, 0 to 1, to its height."""
    return lambda c, t: _cosine(c, t, c.warmup, c.total, curve=curve)


def _half_wave(progress: float) -> float:
    return 0.5 * (1.0 + math.cos(math.pi * progress))


def _cosine(
    c: Call, step: float, start: float, end: float, low: float | None = None, curve: Any = _half_wave
) -> float:
    """The right warm-up, then from `peak` at `start` to `low` (default: the floor) at `end`."""
    low = c.floor if low is None else low
    if step <= c.warmup:
        return float(c.peak * step / c.warmup)
    if step >= end:
        return float(low)
    return float(low + (c.peak - low) * curve((step - start) / (end - start)))


def _right(c: Call, step: float) -> float:
    return _cosine(c, step, c.warmup, c.total)


def _warm(c: Call, step: float, rate: float) -> float:
    return rate if step <= c.warmup else _right(c, step)


WAYS: dict[str, dict[str, Rate]] = {
    "schedule-warmup": {
        "from 0": lambda c, t: _warm(c, t, c.peak * (t - 1) / c.warmup),
        "from 0, to the peak": lambda c, t: _warm(c, t, c.peak * (t - 1) / max(c.warmup - 1, 1)),
        "a step late": lambda c, t: _warm(c, t, c.peak * t / (c.warmup + 1)),
        "a step early": lambda c, t: _warm(c, t, c.peak * min(1.0, (t + 1) / c.warmup)),
        "from the floor": lambda c, t: _warm(c, t, c.floor + (c.peak - c.floor) * t / c.warmup),
        "none": lambda c, t: _warm(c, t, c.peak),
        "towards the total": lambda c, t: _warm(c, t, c.peak * t / c.total),
    },
    "schedule-shifted": {
        "every step is the one before": lambda c, t: _right(c, t - 1) if t > 1 else 0.0,
        "every step is the next": lambda c, t: _right(c, t + 1),
    },
    "schedule-cosine": {
        "counted from step 0": lambda c, t: _cosine(c, t, 0.0, c.total),
        "ends a step early": lambda c, t: _cosine(c, t, c.warmup, c.total - 1),
        "ends a step late": lambda c, t: _cosine(c, t, c.warmup, c.total + 1),
        "starts a step late": lambda c, t: _cosine(c, t, c.warmup + 1, c.total),
        "starts a step early": lambda c, t: _cosine(c, t, c.warmup - 1, c.total),
        "ends later by the warm-up": lambda c, t: _cosine(c, t, c.warmup, c.total + c.warmup),
        "over the total": lambda c, t: (
            _right(c, t) if t >= c.total else _cosine(c, t, c.warmup, c.total + c.warmup)
        ),
        "a straight line": _way_down(lambda x: 1.0 - x),
        "a whole wave": _way_down(lambda x: 0.5 * (1.0 + math.cos(2.0 * math.pi * x))),
        "a quarter of a wave": _way_down(lambda x: math.cos(0.5 * math.pi * x)),
        "without one half": _way_down(lambda x: 1.0 + math.cos(math.pi * x)),
        "upside down": _way_down(lambda x: 0.5 * (1.0 - math.cos(math.pi * x))),
    },
    "schedule-floor": {
        "0": lambda c, t: _cosine(c, t, c.warmup, c.total, 0.0),
        "0, but for the end": lambda c, t: _right(c, t) if t >= c.total else _to_zero(c, t),
        "added": lambda c, t: _right(c, t) if t <= c.warmup else c.floor + _to_zero(c, t),
        "as a lower bound": lambda c, t: _right(c, t) if t <= c.warmup else max(c.floor, _to_zero(c, t)),
        "during warm-up, too": lambda c, t: max(c.floor, _right(c, t)),
    },
    "schedule-end": {
        "rises again": lambda c, t: (
            _right(c, t) if t <= c.total else c.floor + (c.peak - c.floor) * _half_wave(_progress(c, t))
        ),
        "0 after the last step": lambda c, t: _right(c, t) if t <= c.total else 0.0,
        "stays at the peak": lambda c, t: _right(c, min(t, c.warmup)),
    },
}


def _to_zero(c: Call, step: float) -> float:
    return _cosine(c, step, c.warmup, c.total, 0.0)


def _progress(c: Call, step: float) -> float:
    return float((step - c.warmup) / (c.total - c.warmup))


def _tables(ways: dict[str, Rate]) -> Callable[[Call], Claims]:
    def claims(call: Call) -> Claims:
        for name, way in ways.items():
            yield {"as_if": name}, lambda way=way: np.array([way(call, float(step)) for step in call.steps])

    return claims


RULES: list[Rule] = [
    values("clip-each", CLIP, _each),
    values("clip-entries", CLIP, _entries),
    values("clip-always", CLIP, _always),
    values("clip-squared-norm", CLIP, _other_norms),
    values("clip-factor", CLIP, _factor),
    values("clip-squared-norm", NORM, _squared_result),
    values("clip-norm-after", NORM, _after),
    *(values(code, SCHEDULE, _tables(ways)) for code, ways in WAYS.items()),
]
