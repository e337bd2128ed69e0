"""CausalSelfAttention: how heads are cut and joined, and which projections are used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Rule

from .attention import attend
from .formulas import Call, Claims, values

SELF_ATTENTION = "transformer.CausalSelfAttention"
Weights = Mapping[str, np.ndarray]


def project(weights: Weights, name: str, x: np.ndarray, bias: bool = True) -> np.ndarray:
    """One linear map (..., in) -> (..., out) by the name of its weights."""
    y = x @ weights[f"{name}.weight"].T
    return np.asarray(y + weights[f"{name}.bias"] if bias else y)


def split(x: np.ndarray, heads: int) -> np.ndarray:
    """(B,T,C) -> (B,H,T,D)"""
    batch, time, width = x.shape
    return x.reshape(batch, time, heads, width // heads).transpose(0, 2, 1, 3)


def merge(x: np.ndarray) -> np.ndarray:
    """(B,H,T,D) -> (B,T,C)"""
    batch, heads, time, size = x.shape
    return x.transpose(0, 2, 1, 3).reshape(batch, time, heads * size)


def causal(time: int) -> np.ndarray:
    return np.tril(np.ones((time, time), dtype=bool))


def self_attention(
    weights: Weights,
    x: np.ndarray,
    heads: int,
    *,
    names: str = "qkv",
    cut: Callable[[np.ndarray, int], np.ndarray] = split,
    join: Callable[[np.ndarray], np.ndarray] = merge,
    bias: str = "qkvo",
    out: bool = True,
    mask: Callable[[int], np.ndarray] = causal,
    **changed: Any,
) -> np.ndarray:
    """Self-attention (B,T,C) with what may go wrong as arguments; without them it is right."""
    q, k, v = (cut(project(weights, name, x, name in bias), heads) for name in names)
    read = join(attend(q, k, v, mask(x.shape[1]), **changed))
    return project(weights, "o", read, "o" in bias) if out else read


def _run(call: Call, **changed: Any) -> Callable[[], np.ndarray]:
    heads = changed.pop("heads", call.heads)
    return lambda: self_attention(call.weights, call.x, heads, **changed)


# ---- cutting and joining ---------------------------------------------------------------------------


def _poured(x: np.ndarray, heads: int) -> np.ndarray:
    batch, time, width = x.shape
    return x.reshape(batch, heads, time, width // heads)


def _poured_back(x: np.ndarray) -> np.ndarray:
    batch, heads, time, size = x.shape
    return x.reshape(batch, time, heads * size)


def _interleaved(x: np.ndarray, heads: int) -> np.ndarray:
    batch, time, width = x.shape
    return x.reshape(batch, time, width // heads, heads).transpose(0, 3, 1, 2)


def _interleaved_back(x: np.ndarray) -> np.ndarray:
    batch, heads, time, size = x.shape
    return x.transpose(0, 2, 3, 1).reshape(batch, time, heads * size)


def _other_order(x: np.ndarray) -> np.ndarray:
    """Heads joined in reversed order."""
    return merge(x[:, ::-1])


def _cuts(call: Call) -> Claims:
    yield {"cut_and_joined": "by reshape alone"}, _run(call, cut=_poured, join=_poured_back)
    yield {"cut": "by reshape alone"}, _run(call, cut=_poured)
    yield {"joined": "by reshape alone"}, _run(call, join=_poured_back)
    yield {"cut": "every other column"}, _run(call, cut=_interleaved)
    yield {"joined": "every other column"}, _run(call, join=_interleaved_back)
    yield {"cut_and_joined": "every other column"}, _run(call, cut=_interleaved, join=_interleaved_back)
    yield {"joined": "in reversed order"}, _run(call, join=_other_order)


def _head_count(call: Call) -> Claims:
    width = call.x.shape[-1]
    for heads in (1, width // int(call.heads), width):
        yield {"heads": heads}, _run(call, heads=heads)


def _no_output(call: Call) -> Claims:
    yield {}, _run(call, out=False)


def _projections(call: Call) -> Claims:
    for names in ("kqv", "qvk", "vkq", "qqv", "kkv", "qkk", "qkq", "qvv", "vvv", "qqq", "kkk"):
        yield {"used_for_q_k_v": " ".join(names)}, _run(call, names=names)
    turned = {key: w.T if w.ndim == 2 else w for key, w in call.weights.items()}
    yield {"weights": "transposed"}, lambda: self_attention(turned, call.x, call.heads)


def _biases(call: Call) -> Claims:
    for bias in ("", "o", "qkv", "kvo", "qvo", "qko", "vo"):
        yield {"biases_used": " ".join(bias) or "none"}, _run(call, bias=bias)


def _masks(call: Call) -> Claims:
    yield {"mask": "none"}, _run(call, mask=lambda time: np.ones((time, time), dtype=bool))
    yield {"mask": "turned"}, _run(call, mask=lambda time: causal(time).T)


def _scales(call: Call) -> Claims:
    width = call.x.shape[-1]
    size = width // int(call.heads)
    scales = {"the root of the whole width": width**-0.5, "none": 1.0, "twice": 1.0 / size}
    for name, scale in scales.items():
        yield {"scale": name}, _run(call, scale=scale)


def _residual(call: Call) -> Claims:
    yield {"added": "the input"}, lambda: call.x + self_attention(call.weights, call.x, call.heads)


VALUES: dict[str, Callable[[Call], Claims]] = {
    "heads-mixed": _cuts,
    "heads-count": _head_count,
    "output-projection-missing": _no_output,
    "projections-exchanged": _projections,
    "bias-ignored": _biases,
    "mask-not-applied": _masks,
    "attention-scale-width": _scales,
    "residual-inside": _residual,
}
RULES: list[Rule] = [values(code, SELF_ATTENTION, claims) for code, claims in VALUES.items()]
