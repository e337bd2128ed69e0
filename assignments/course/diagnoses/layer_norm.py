"""Layer norm: which numbers are averaged, what the root holds, and the three paths from x to y."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Rank, Rule
from tinygrade.diagnosis.observations import ValueMismatch

from .formulas import Call, Claims, gradients, values

NORM, RULE = "functional.layer_norm", "functional.layer_norm_vjp"


# ---- values ----------------------------------------------------------------------------------------


def _centred(x: np.ndarray, axis: Any = -1) -> np.ndarray:
    return np.asarray(x - x.mean(axis=axis, keepdims=True))


def _variance(x: np.ndarray, axis: Any = -1, ddof: int = 0) -> np.ndarray:
    return np.asarray(x.var(axis=axis, keepdims=True, ddof=ddof))


def _affine(call: Call, normal: np.ndarray) -> np.ndarray:
    return np.asarray(normal * call.weight + call.bias)


def _unbiased(call: Call) -> Claims:
    x, eps = call.x, call.eps
    yield {}, lambda: _affine(call, _centred(x) / np.sqrt(_variance(x, ddof=1) + eps))
    yield {}, lambda: _affine(call, _centred(x) / (np.sqrt(_variance(x, ddof=1)) + eps))


def _eps_elsewhere(call: Call) -> Claims:
    x, eps = call.x, call.eps
    c, v = _centred(x), _variance(x)
    yield {"eps": "added to the root"}, lambda: _affine(call, c / (np.sqrt(v) + eps))
    yield {"eps": "left out"}, lambda: _affine(call, c / np.sqrt(v))
    yield {"eps": "squared"}, lambda: _affine(call, c / np.sqrt(v + eps**2))
    yield {"eps": "added to the quotient"}, lambda: _affine(call, c / np.sqrt(v) + eps)
    yield {"eps": "at most"}, lambda: _affine(call, c / np.sqrt(np.maximum(v, eps)))
    for other in (1e-3, 1e-5, 1e-6, 1e-8, 1e-12):
        yield {"eps": other}, lambda other=other: _affine(call, c / np.sqrt(v + other))


def _no_root(call: Call) -> Claims:
    x, eps = call.x, call.eps
    yield {"divided_by": "the variance"}, lambda: _affine(call, _centred(x) / (_variance(x) + eps))
    yield {"divided_by": "nothing"}, lambda: _affine(call, _centred(x))
    yield {"multiplied_by": "the root"}, lambda: _affine(call, _centred(x) * np.sqrt(_variance(x) + eps))
    yield (
        {"divided_by": "the length of the row"},
        lambda: _affine(call, _centred(x) / np.linalg.norm(_centred(x), axis=-1, keepdims=True)),
    )
    yield (
        {"divided_by": "the mean deviation"},
        lambda: _affine(call, _centred(x) / (np.abs(_centred(x)).mean(axis=-1, keepdims=True) + eps)),
    )


def _not_centred(call: Call) -> Claims:
    x, eps = call.x, call.eps
    yield {"left_out": "the mean"}, lambda: _affine(call, x / np.sqrt(_variance(x) + eps))
    mean_square = (x * x).mean(axis=-1, keepdims=True)
    yield {"left_out": "the mean, in both places"}, lambda: _affine(call, x / np.sqrt(mean_square + eps))
    yield {"left_out": "the mean in the variance"}, lambda: _affine(call, _centred(x) / np.sqrt(mean_square + eps))


def _other_axes(call: Call) -> Claims:
    x, eps = call.x, call.eps
    axes: list[Any] = [*range(x.ndim - 1), None, *[(i, x.ndim - 1) for i in range(x.ndim - 1)]]
    axes.append(tuple(range(x.ndim - 1)))
    for axis in axes:
        normal = _centred(x, axis) / np.sqrt(_variance(x, axis) + eps)
        yield {"axis": "all" if axis is None else np.atleast_1d(axis).tolist()}, lambda n=normal: _affine(call, n)


#: A row is far from zero when its mean is this many times its spread: a square then uses up all digits of a float.
FAR = 1e4


def _cancels(seen: ValueMismatch) -> Mapping[str, Any] | None:
    """Wrong only in rows that are far from zero: which digits are lost depends on the order of every operation."""
    x, got, expected = np.asarray(seen.inputs.get("x")), seen.got, np.asarray(seen.expected)
    if x.ndim < 1 or x.dtype.kind != "f" or np.shape(got) != x.shape or np.asarray(got).dtype.kind != "f":
        return None
    is_far = np.abs(x.mean(axis=-1)) > FAR * x.std(axis=-1)
    is_wrong = ~np.isclose(got, expected, rtol=1e-7, atol=1e-9).all(axis=-1)
    return {"far_rows": int(is_far.sum())} if is_wrong.any() and not (is_wrong & ~is_far).any() else None


def _affine_wrong(call: Call) -> Claims:
    normal = _centred(call.x) / np.sqrt(_variance(call.x) + call.eps)
    w, b = call.weight, call.bias
    yield {"left_out": "weight and bias"}, lambda: normal
    yield {"left_out": "weight"}, lambda: normal + b
    yield {"left_out": "bias"}, lambda: normal * w
    yield {"bias": "scaled as well"}, lambda: (normal + b) * w
    yield {"bias": "subtracted"}, lambda: normal * w - b
    yield {"weight": "plus one"}, lambda: normal * (1.0 + w) + b
    yield {"weight": "exchanged with the bias"}, lambda: normal * b + w


# ---- gradients -------------------------------------------------------------------------------------


class _Rule:
    """What the backward rules are made of."""

    def __init__(self, call: Call) -> None:
        self.g, self.x, self.weight = call.g, call.x, call.weight
        self.normal = _centred(self.x) / np.sqrt(_variance(self.x) + call.eps)
        self.inv_std = 1.0 / np.sqrt(_variance(self.x) + call.eps)
        self.dn = self.g * self.weight
        self.mean = self.dn.mean(axis=-1, keepdims=True)
        self.along = self.normal * (self.dn * self.normal).mean(axis=-1, keepdims=True)


def _constants(r: _Rule) -> Claims:
    yield {}, lambda: r.dn * r.inv_std
    yield {"and": "weight left out"}, lambda: r.g * r.inv_std


def _no_variance_path(r: _Rule) -> Claims:
    yield {"missing": "the path through the variance"}, lambda: r.inv_std * (r.dn - r.mean)


def _no_mean_path(r: _Rule) -> Claims:
    yield {"missing": "the path through the mean"}, lambda: r.inv_std * (r.dn - r.along)


def _scale_forgotten(r: _Rule) -> Claims:
    yield {"scale": "left out"}, lambda: r.dn - r.mean - r.along
    yield {"scale": "multiplied instead of divided"}, lambda: (r.dn - r.mean - r.along) / r.inv_std
    yield {"scale": "applied twice"}, lambda: (r.dn - r.mean - r.along) * r.inv_std**2


def _path_distorted(r: _Rule) -> Claims:
    width = r.x.shape[-1]
    yield {"path": "through the variance, added"}, lambda: r.inv_std * (r.dn - r.mean + r.along)
    yield {"path": "through the mean, added"}, lambda: r.inv_std * (r.dn + r.mean - r.along)
    yield {"path": "through the variance, halved"}, lambda: r.inv_std * (r.dn - r.mean - 0.5 * r.along)
    yield {"path": "through the variance, doubled"}, lambda: r.inv_std * (r.dn - r.mean - 2.0 * r.along)
    yield {"path": "sums instead of means"}, lambda: r.inv_std * (r.dn - width * r.mean - width * r.along)
    yield {"path": "through the variance, a sum"}, lambda: r.inv_std * (r.dn - r.mean - width * r.along)
    yield {"path": "through the mean, a sum"}, lambda: r.inv_std * (r.dn - width * r.mean - r.along)
    short = width / max(width - 1, 1)
    yield {"path": "through the variance, by C - 1"}, lambda: r.inv_std * (r.dn - r.mean - short * r.along)
    shared = (r.dn * r.normal).mean(axis=-1, keepdims=True)
    yield {"path": "through the variance, without direction"}, lambda: r.inv_std * (r.dn - r.mean - shared)
    for axis in range(r.x.ndim - 1):
        mean = r.dn.mean(axis=axis, keepdims=True)
        along = r.normal * (r.dn * r.normal).mean(axis=axis, keepdims=True)
        yield {"path": f"means over axis {axis}"}, lambda m=mean, a=along: r.inv_std * (r.dn - m - a)


def _weight_forgotten(r: _Rule) -> Claims:
    g, n = r.g, r.normal
    mean, along = g.mean(axis=-1, keepdims=True), n * (g * n).mean(axis=-1, keepdims=True)
    yield {"weight": "left out"}, lambda: r.inv_std * (g - mean - along)
    yield {"weight": "applied at the end"}, lambda: r.inv_std * r.weight * (g - mean - along)
    yield {"weight": "left out of the means"}, lambda: r.inv_std * (r.dn - mean - along)
    yield {"weight": "divided"}, lambda: r.inv_std * (g - mean - along) / r.weight


def _weight_gradient(r: _Rule) -> Claims:
    lead = tuple(range(r.g.ndim - 1))
    yield {"made_from": "the incoming gradient alone"}, lambda: r.g.sum(axis=lead)
    yield {"made_from": "a mean over positions"}, lambda: (r.g * r.normal).mean(axis=lead)
    yield {"made_from": "the gradient times the weight"}, lambda: (r.g * r.normal * r.weight).sum(axis=lead)
    for axis in lead:
        yield {"made_from": "one position"}, lambda axis=axis: (r.g * r.normal).take(-1, axis).sum(
            axis=tuple(range(len(lead) - 1))
        )
    yield {"made_from": "a sum along the rows"}, lambda: (r.g * r.normal).sum(axis=-1).reshape(r.weight.shape)


def _weight_of_input(r: _Rule) -> Claims:
    lead = tuple(range(r.g.ndim - 1))
    yield {"made_from": "x as it came"}, lambda: (r.g * r.x).sum(axis=lead)
    yield {"made_from": "x without its mean"}, lambda: (r.g * _centred(r.x)).sum(axis=lead)


def _bias_gradient(r: _Rule) -> Claims:
    lead = tuple(range(r.g.ndim - 1))
    yield {"made_from": "a mean over positions"}, lambda: r.g.mean(axis=lead)
    yield {"made_from": "the gradient times the weight"}, lambda: (r.g * r.weight).sum(axis=lead)
    yield {"made_from": "the gradient times the normalised x"}, lambda: (r.g * r.normal).sum(axis=lead)
    yield {"made_from": "one position"}, lambda: r.g.reshape(-1, r.g.shape[-1])[-1]
    yield {"made_from": "a sum along the rows"}, lambda: r.g.sum(axis=-1).reshape(r.weight.shape)


VALUES: dict[str, Callable[[Call], Claims]] = {
    "layer-norm-unbiased": _unbiased,
    "layer-norm-eps": _eps_elsewhere,
    "layer-norm-scale": _no_root,
    "layer-norm-mean": _not_centred,
    "layer-norm-axis": _other_axes,
    "layer-norm-affine": _affine_wrong,
}
GRADIENTS: dict[str, tuple[int, Callable[[_Rule], Claims]]] = {
    "layer-norm-constant-statistics": (0, _constants),
    "layer-norm-variance-term": (0, _no_variance_path),
    "layer-norm-mean-term": (0, _no_mean_path),
    "layer-norm-std-forgotten": (0, _scale_forgotten),
    "layer-norm-weight-forgotten": (0, _weight_forgotten),
    "layer-norm-path-distorted": (0, _path_distorted),
    "layer-norm-weight-of-input": (1, _weight_of_input),
    "layer-norm-weight-gradient": (1, _weight_gradient),
    "layer-norm-bias-gradient": (2, _bias_gradient),
}


def _from_call(family: Callable[[_Rule], Claims]) -> Callable[[Call], Claims]:
    return lambda call: family(_Rule(call))


def _within_three(position: int, family: Callable[[_Rule], Claims]) -> Callable[[Call], Claims]:
    """The rule on arrays gives three gradients: the claimed one beside the two others as they came."""

    def claims(call: Call) -> Claims:
        got = call.seen.got
        if not isinstance(got, list | tuple) or len(got) != 3:
            return
        for evidence, wrong in family(_Rule(call)):
            yield evidence, lambda wrong=wrong: tuple(wrong() if i == position else got[i] for i in range(3))

    return claims


RULES: list[Rule] = [
    *(values(code, NORM, claims) for code, claims in VALUES.items()),
    Rule("layer-norm-cancellation", ValueMismatch, _cancels, Rank.STRUCTURE, (NORM,)),
    *(gradients(code, NORM, i, _from_call(family)) for code, (i, family) in GRADIENTS.items()),
    *(values(code, RULE, _within_three(i, family)) for code, (i, family) in GRADIENTS.items()),
]
