"""Scaled dot-product attention: the scale, what the mask does to what, and over which axis the weights sum to 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Rule

from .formulas import Call, Claims, gradients, values

ATTENTION = "transformer.scaled_dot_product_attention"


def attend(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    mask: np.ndarray,
    *,
    scale: float | None = None,
    hide: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
    after: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
    axis: int = -1,
    shift_axis: int | None = None,
) -> np.ndarray:
    """Attention (B,H,Tq,D) with what may go wrong as arguments; without them it is right.

    Args:
        hide: from scores and mask to the scores that softmax gets.
        after: from weights and mask to the weights that are used.
        axis: along which the weights sum to 1; `shift_axis` along which the largest score is taken away.
    """
    scores = q @ k.swapaxes(-1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    scores = np.where(mask, scores, -np.inf) if hide is None else hide(scores, mask)
    raised = np.exp(scores - np.max(scores, axis=axis if shift_axis is None else shift_axis, keepdims=True))
    weights = raised / raised.sum(axis=axis, keepdims=True)
    return np.asarray((weights if after is None else after(weights, mask)) @ v)


def _call(call: Call, **changed: Any) -> Callable[[], np.ndarray]:
    return lambda: attend(call.q, call.k, call.v, call.mask, **changed)


# ---- values ----------------------------------------------------------------------------------------


def _scales(call: Call) -> Claims:
    d, heads, time = call.q.shape[-1], call.q.shape[1], call.k.shape[-2]
    scales = {
        "none": 1.0,
        "1 / d": 1.0 / d,
        "the root of d, multiplied": d**0.5,
        "d, multiplied": float(d),
        "the root of the width of all heads": (d * heads) ** -0.5,
        "the root of the number of keys": time**-0.5,
        "the root of the number of queries": call.q.shape[-2] ** -0.5,
        "the root of the number of heads": heads**-0.5,
        "the root of the batch": call.q.shape[0] ** -0.5,
        "half of the root": 2.0 * d**-0.5,
        "the fourth root": d**-0.25,
    }
    for name, scale in scales.items():
        yield {"scale": name}, _call(call, scale=scale)


def _after_softmax(call: Call) -> Claims:
    yield {}, _call(call, hide=_all, after=lambda weights, mask: weights * mask)
    yield {"hidden": "set to -inf or very small"}, _call(
        call, hide=_all, after=lambda weights, mask: np.where(mask, weights, -1e9)
    )


def _all(scores: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return scores


def _multiplied(call: Call) -> Claims:
    yield {"hidden_score": 0}, _call(call, hide=lambda scores, mask: scores * mask)


def _added(call: Call) -> Claims:
    for size in (1.0, 10.0):
        yield {"added_to_hidden": -size}, _call(call, hide=lambda s, mask, size=size: s - size * ~mask)
    yield {"added_to_allowed": 1}, _call(call, hide=lambda scores, mask: scores + mask)
    yield {"added_to_hidden": 1}, _call(call, hide=lambda scores, mask: scores + ~mask)
    yield {"hidden_score": -1}, _call(call, hide=lambda scores, mask: np.where(mask, scores, -1.0))


def _reversed(call: Call) -> Claims:
    yield {}, _call(call, hide=lambda scores, mask: np.where(mask, -np.inf, scores))
    yield {}, _call(call, hide=lambda scores, mask: np.where(mask, -1e9, scores))
    yield {"hidden_score": "very large"}, _call(call, hide=lambda scores, mask: np.where(mask, scores, 1e9))
    yield {"hidden_score": "very large"}, _call(call, hide=lambda scores, mask: scores + 1e9 * ~mask)


def _unmasked(call: Call) -> Claims:
    yield {}, _call(call, hide=_all)
    t_q, t_k = call.mask.shape
    own = np.arange(t_k) <= np.arange(t_q)[:, None]
    yield {"mask": "made anew, from the left"}, _call(call, hide=lambda s, mask: np.where(own, s, -np.inf))


def _transposed_mask(call: Call) -> Claims:
    yield {}, _call(call, hide=lambda scores, mask: np.where(mask.T, scores, -np.inf))


def _axes(call: Call) -> Claims:
    for axis in (-2, 1, 0):
        yield {"axis": axis}, _call(call, axis=axis)
        yield {"axis": axis}, _call(call, axis=axis, shift_axis=-1)
        # finite everywhere: a column that is hidden from all queries would be 0 / 0
        yield (
            {"axis": axis},
            _call(call, axis=axis, hide=lambda scores, mask: np.where(mask, scores, -1e9)),
        )


def _roles(call: Call) -> Claims:
    q, k, v, mask = call.q, call.k, call.v, call.mask
    for name, three in {
        "q and k": (k, q, v),
        "k and v": (q, v, k),
        "q and v": (v, k, q),
    }.items():
        yield {"exchanged": name}, lambda three=three: attend(*three, mask)
    for name, three in {
        "keys for queries": (k, k, v),
        "queries for keys": (q, q, v),
        "keys for values": (q, k, k),
        "values for keys": (q, v, v),
        "queries for values": (q, k, q),
    }.items():
        yield {"taken": name}, lambda three=three: attend(*three, mask)


def _not_normalised(call: Call) -> Claims:
    q, k, v, mask = call.q, call.k, call.v, call.mask
    scores = q @ k.swapaxes(-1, -2) * q.shape[-1] ** -0.5
    yield {"weights": "scores"}, lambda: (scores * mask) @ v
    yield {"weights": "exponentials"}, lambda: (np.exp(scores) * mask) @ v
    largest = np.where(mask, scores, -np.inf).max(axis=-1, keepdims=True)
    yield {"weights": "exponentials"}, lambda: (np.exp(scores - largest) * mask) @ v


# ---- gradients -------------------------------------------------------------------------------------


def _backward(call: Call, of_scores: Callable[..., np.ndarray], scale: float | None = None) -> list[np.ndarray]:
    """Gradients of q and k, given how the gradient passes softmax."""
    q, k, v, mask = call.q, call.k, call.v, call.mask
    right = q.shape[-1] ** -0.5
    raised = np.where(mask, q @ k.swapaxes(-1, -2) * right, -np.inf)
    raised = np.exp(raised - raised.max(axis=-1, keepdims=True))
    weights = raised / raised.sum(axis=-1, keepdims=True)
    g_scores = of_scores(call.g @ v.swapaxes(-1, -2), weights) * (right if scale is None else scale)
    return [g_scores @ k, g_scores.swapaxes(-1, -2) @ q]


def _through(g: np.ndarray, weights: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.asarray(weights * (g - (g * weights).sum(axis=axis, keepdims=True)))


def _backward_scale(position: int) -> Callable[[Call], Claims]:
    def claims(call: Call) -> Claims:
        d = call.q.shape[-1]
        for name, scale in {"none": 1.0, "twice": 1.0 / d, "multiplied": d**0.5}.items():
            yield {"scale": name}, lambda scale=scale: _backward(call, _through, scale)[position]

    return claims


def _backward_softmax(position: int) -> Callable[[Call], Claims]:
    ways: dict[str, Callable[..., np.ndarray]] = {
        "not at all": lambda g, weights: g,
        "only through the entry itself": lambda g, weights: g * weights * (1.0 - weights),
        "without what all weights share": lambda g, weights: g * weights,
        "along the queries": lambda g, weights: _through(g, weights, -2),
        "without the weights in front": lambda g, weights: g - (g * weights).sum(axis=-1, keepdims=True),
    }

    def claims(call: Call) -> Claims:
        for name, way in ways.items():
            for scale in (None, 1.0):
                yield {"passes_softmax": name}, lambda way=way, scale=scale: _backward(call, way, scale)[position]

    return claims


def _backward_values(call: Call) -> Claims:
    """The gradient of the values from weights that stand the wrong way round, or from something else."""
    scores = call.q @ call.k.swapaxes(-1, -2) * call.q.shape[-1] ** -0.5
    raised = np.exp(np.where(call.mask, scores, -np.inf))
    weights = raised / raised.sum(axis=-1, keepdims=True)
    yield {"weights": "not transposed"}, lambda: weights @ call.g
    yield {"made_from": "scores"}, lambda: (scores * call.mask).swapaxes(-1, -2) @ call.g
    yield {"made_from": "all keys"}, lambda: _softmax(scores).swapaxes(-1, -2) @ call.g


def _softmax(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores)
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


VALUES: dict[str, Callable[[Call], Claims]] = {
    "attention-scale": _scales,
    "mask-after-softmax": _after_softmax,
    "mask-multiplies-scores": _multiplied,
    "mask-too-weak": _added,
    "mask-reversed": _reversed,
    "mask-not-used": _unmasked,
    "mask-turned": _transposed_mask,
    "attention-axis": _axes,
    "attention-roles": _roles,
    "attention-not-normalised": _not_normalised,
}
RULES: list[Rule] = [
    *(values(code, ATTENTION, claims) for code, claims in VALUES.items()),
    *(gradients("attention-backward-scale", ATTENTION, i, _backward_scale(i)) for i in (0, 1)),
    *(gradients("attention-backward-softmax", ATTENTION, i, _backward_softmax(i)) for i in (0, 1)),
    gradients("attention-backward-values", ATTENTION, 2, _backward_values),
]
