"""GPT: what is added at the start, what stands before the head, and what the head is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Rule

from .block import Parts
from .formulas import Call, Claims, values

MODEL = "transformer.GPT"


def model(
    call: Call,
    *,
    positions: Callable[[np.ndarray, int], Any] = lambda table, time: table[:time],
    start: Callable[[np.ndarray, np.ndarray], np.ndarray] = np.add,
    runs: int = 1,
    norm: Callable[[np.ndarray], np.ndarray] | None = None,
    head: Callable[[np.ndarray], np.ndarray] | None = None,
) -> np.ndarray:
    """Logits (B,T,V) with what may go wrong as arguments; without them they are right."""
    weights = call.weights
    ids = np.asarray(call.ids)
    x = start(weights["tok_emb.weight"][ids], positions(weights["pos_emb.weight"], ids.shape[1]))
    layers = sorted({name.split(".")[1] for name in weights if name.startswith("blocks.")}, key=int)
    for _ in range(runs):
        for layer in layers:
            x = Parts(call, _below(weights, f"blocks.{layer}"), call.heads).right(x)
    x = _last_norm(call)(x) if norm is None else norm(x)
    return np.asarray(x @ weights["head.weight"].T if head is None else head(x))


def _below(weights: Any, name: str) -> dict[str, np.ndarray]:
    return {k.removeprefix(f"{name}."): w for k, w in weights.items() if k.startswith(f"{name}.")}


def _last_norm(call: Call) -> Callable[[np.ndarray], np.ndarray]:
    weights = call.weights
    return lambda x: np.asarray(call.right.functional.layer_norm(x, weights["ln_f.weight"], weights["ln_f.bias"]))


def _positions(call: Call) -> Claims:
    batch = np.asarray(call.ids).shape[0]
    ways: dict[str, Callable[[np.ndarray, int], Any]] = {
        "always the first": lambda table, time: np.repeat(table[:1], time, axis=0),
        "always the last": lambda table, time: np.repeat(table[time - 1 : time], time, axis=0),
        "counted from 1": lambda table, time: table[1 : time + 1],
        "counted from the end": lambda table, time: table[:time][::-1],
        "counted from the end of the table": lambda table, time: table[len(table) - time :],
        "the place in the batch": lambda table, time: table[:batch, None],
        "the ids": lambda table, time: table[np.asarray(call.ids)],
    }
    for name, way in ways.items():
        yield {"positions": name}, lambda way=way: model(call, positions=way)


def _no_positions(call: Call) -> Claims:
    yield {}, lambda: model(call, start=lambda tokens, places: tokens)


def _joined(call: Call) -> Claims:
    yield {"tokens_and_positions": "multiplied"}, lambda: model(call, start=np.multiply)
    yield {"tokens_and_positions": "subtracted"}, lambda: model(call, start=np.subtract)
    yield {"tokens_and_positions": "positions alone"}, lambda: model(
        call, start=lambda tokens, places: np.broadcast_to(places, tokens.shape)
    )
    for name, scale in {"the root of the width": 0.5, "one over the root of the width": -0.5}.items():
        yield (
            {"tokens_multiplied_by": name},
            lambda scale=scale: model(call, start=lambda t, places: t * t.shape[-1] ** scale + places),
        )


def _last(call: Call) -> Claims:
    yield {"last_norm": "left out"}, lambda: model(call, norm=lambda x: x)
    yield {"last_norm": "applied twice"}, lambda: model(call, norm=lambda x: _last_norm(call)(_last_norm(call)(x)))
    yield {"last_norm": "before the blocks"}, lambda: model(
        call, start=lambda tokens, places: _last_norm(call)(tokens + places), norm=lambda x: x
    )
    one = np.ones(call.weights["ln_f.weight"].shape)
    bare = lambda x: np.asarray(call.right.functional.layer_norm(x, one, 0.0 * one))  # noqa: E731
    yield {"last_norm": "without its weight and bias"}, lambda: model(call, norm=bare)
    yield {"last_norm": "added to the stream"}, lambda: model(call, norm=lambda x: x + _last_norm(call)(x))


def _tied(call: Call) -> Claims:
    yield {}, lambda: model(call, head=lambda x: x @ call.weights["tok_emb.weight"].T)


def _outputs(call: Call) -> Claims:
    def through(function: Any) -> Callable[[np.ndarray], np.ndarray]:
        return lambda x: np.asarray(function(x @ call.weights["head.weight"].T))

    yield {"gives": "probabilities"}, lambda: model(call, head=through(call.right.functional.softmax))
    yield {"gives": "log-probabilities"}, lambda: model(call, head=through(call.right.functional.log_softmax))
    scale = np.sqrt(call.weights["head.weight"].shape[1])
    yield {"gives": "logits divided by the root of the width"}, lambda: model(call, head=through(lambda y: y / scale))


def _runs(call: Call) -> Claims:
    for runs in (0, 2, 3):
        yield {"times": runs}, lambda runs=runs: model(call, runs=runs)


VALUES: dict[str, Callable[[Call], Claims]] = {
    "position-wrong": _positions,
    "position-omitted": _no_positions,
    "embeddings-joined": _joined,
    "last-norm": _last,
    "head-tied": _tied,
    "logits-changed": _outputs,
    "blocks-run": _runs,
}
RULES: list[Rule] = [values(code, MODEL, claims) for code, claims in VALUES.items()]
