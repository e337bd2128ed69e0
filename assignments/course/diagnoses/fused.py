"""Fused steps: the order of q, k and v, and what the one softmax of a loss and its gradient is used for."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from tinygrade.diagnosis.catalogue import Rule

from .formulas import Call, Claims, values

QKV, QKV_RULE, LOSS = "fast.fused_qkv", "fast.fused_qkv_vjp", "fast.fused_cross_entropy"
PREFIX = "blocks.0.attn."


def _layers(call: Call, order: str = "qkv") -> tuple[np.ndarray, np.ndarray]:
    parts = [[call.weights[f"{PREFIX}{layer}.{kind}"] for layer in order] for kind in ("weight", "bias")]
    return np.concatenate(parts[0]), np.concatenate(parts[1])


def _order(call: Call) -> Claims:
    for order in map("".join, permutations("qkv")):
        if order != "qkv":
            weight, bias = _layers(call, order)
            yield {"order": order}, lambda weight=weight, bias=bias: call.x @ weight.T + bias


def _no_bias(call: Call) -> Claims:
    weight, _ = _layers(call)
    yield {"bias": "left out"}, lambda: call.x @ weight.T


def _rule_parts(call: Call) -> Claims:
    weight, _ = _layers(call)
    rows, x = call.g.reshape(-1, call.g.shape[-1]), call.x.reshape(-1, call.x.shape[-1])
    right = [call.g @ weight, rows.T @ x, rows.sum(axis=0)]
    size = x.shape[-1]
    parts = [call.g[..., i * size : (i + 1) * size] @ weight[i * size : (i + 1) * size] for i in range(3)]
    for i, name in enumerate("qkv"):
        yield {"x_lacks": name}, lambda i=i: [right[0] - parts[i], *right[1:]]
        yield {"x_has_only": name}, lambda i=i: [parts[i], *right[1:]]
    yield {"divided_by": "the rows"}, lambda: [right[0], right[1] / len(x), right[2] / len(x)]


class _Rows:
    """Pieces of loss and gradient."""

    def __init__(self, call: Call) -> None:
        logits = np.asarray(call.logits, dtype=np.float64)
        rows, targets = logits.reshape(-1, logits.shape[-1]), np.asarray(call.targets).reshape(-1)
        shifted = rows - rows.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        self.shape, self.n, self.first = logits.shape, len(rows), logits.shape[0]
        self.loss = float(-log_p[np.arange(self.n), targets].mean())
        self.p, self.one_hot = np.exp(log_p), np.eye(rows.shape[1])[targets]
        self.gradient = (self.p - self.one_hot) / self.n

    def shaped(self, rows: np.ndarray) -> np.ndarray:
        return rows.reshape(self.shape)


def _divided(call: Call) -> Claims:
    r = _Rows(call)
    for name, size in {"1": 1, "the first axis": r.first, "the classes": r.shape[-1], "all entries": r.p.size}.items():
        if size != r.n:
            gradient = r.shaped(r.gradient * r.n / size)
            yield {"gradient_divided_by": name}, lambda gradient=gradient: [r.loss, gradient]
            both = r.loss * r.n / size
            yield {"both_divided_by": name}, lambda gradient=gradient, both=both: [both, gradient]
            yield {"loss_divided_by": name}, lambda both=both: [both, r.shaped(r.gradient)]


def _no_target(call: Call) -> Claims:
    r = _Rows(call)
    yield {"gradient": "probabilities alone"}, lambda: [r.loss, r.shaped(r.p / r.n)]
    yield {"gradient": "probabilities alone"}, lambda: [r.loss, r.shaped(r.p)]
    yield {"gradient": "the other sign"}, lambda: [r.loss, r.shaped(-r.gradient)]


RULES: list[Rule] = [
    values("qkv-order", QKV, _order),
    values("linear-bias", QKV, _no_bias),
    values("qkv-rule", QKV_RULE, _rule_parts),
    values("fused-loss-count", LOSS, _divided),
    values("cross-entropy-no-one-hot", LOSS, _no_target),
]
