"""Reading with a cache, and writing token after token: a small model on plain arrays, with mistakes built in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Rank, Rule
from tinygrade.diagnosis.observations import ValueMismatch

from .choosing import choose
from .formulas import Call, Claims, values

READ, TEXT = "generate.forward_cached", "generate.generate"
Weights = Mapping[str, np.ndarray]


class Reader:
    """A model that reads chunk after chunk.

    Args:
        positions: from the number of tokens before and the number of new ones to the positions of these.
        mask: from the same to who reads whom, (new, all).
    """

    def __init__(
        self,
        weights: Weights,
        heads: int,
        layers: int,
        positions: Callable[[int, int], np.ndarray] | None = None,
        mask: Callable[[int, int], np.ndarray] | None = None,
    ) -> None:
        self.weights, self.heads, self.layers = weights, heads, layers
        self.positions = positions or (lambda before, new: before + np.arange(new))
        self.mask = mask or causal
        self.held: list[list[np.ndarray]] = [[] for _ in range(layers)]
        self.before = 0

    def __call__(self, ids: Any) -> np.ndarray:
        """The logits (t,V) of the new tokens."""
        ids, w = np.asarray(ids), self.weights
        x = w["tok_emb.weight"][ids] + w["pos_emb.weight"][self.positions(self.before, ids.size)]
        for layer in range(self.layers):
            name = f"blocks.{layer}"
            x = x + self._attend(self._norm(x, f"{name}.ln1"), layer, f"{name}.attn")
            inner = self._linear(self._norm(x, f"{name}.ln2"), f"{name}.mlp.fc1")
            x = x + self._linear(_gelu(inner), f"{name}.mlp.fc2")
        self.before += ids.size
        return np.asarray(self._norm(x, "ln_f") @ w["head.weight"].T)

    def _attend(self, x: np.ndarray, layer: int, name: str) -> np.ndarray:
        q, k, v = (
            self._linear(x, f"{name}.{part}").reshape(len(x), self.heads, -1).swapaxes(0, 1) for part in "qkv"
        )
        self.held[layer].append(np.stack([k, v]))
        keys, read = np.concatenate(self.held[layer], axis=2)
        scores = q @ keys.swapaxes(1, 2) / np.sqrt(q.shape[-1])
        scores = np.where(self.mask(self.before, len(x)), scores, -np.inf)
        p = np.exp(scores - scores.max(axis=-1, keepdims=True))
        p /= p.sum(axis=-1, keepdims=True)
        return self._linear((p @ read).swapaxes(0, 1).reshape(x.shape), f"{name}.o")

    def _linear(self, x: np.ndarray, name: str) -> np.ndarray:
        return np.asarray(x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"])

    def _norm(self, x: np.ndarray, name: str) -> np.ndarray:
        centred = x - x.mean(axis=-1, keepdims=True)
        normal = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
        return np.asarray(normal * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"])


def _gelu(x: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 * x * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (x + 0.044715 * x**3))))


def causal(before: int, new: int) -> np.ndarray:
    return np.asarray(np.arange(before + new) <= before + np.arange(new)[:, None])


# ---- reading ---------------------------------------------------------------------------------------


def _chunks(call: Call, **wrong: Any) -> list[np.ndarray]:
    reader = Reader(call.weights, call.heads, call.layers, **wrong)
    return [reader(chunk) for chunk in call.chunks]


def _positions(call: Call) -> Claims:
    for start, positions in {
        "0 in each call": lambda before, new: np.arange(new),
        "one too late": lambda before, new: before + 1 + np.arange(new),
        "one too early": lambda before, new: np.maximum(before - 1, 0) + np.arange(new),
        "the same for all of a call": lambda before, new: np.full(new, before),
        "the last for all of a call": lambda before, new: np.full(new, before + new - 1),
    }.items():
        yield {"positions_start_at": start}, lambda positions=positions: _chunks(call, positions=positions)


def _history(call: Call) -> Claims:
    def only_new(before: int, new: int) -> np.ndarray:
        return causal(before, new) & (np.arange(before + new) >= before)

    yield {"reads": "the new tokens only"}, lambda: _chunks(call, mask=only_new)


def _left(call: Call) -> Claims:
    def left(before: int, new: int) -> np.ndarray:
        return np.asarray(np.arange(before + new) <= np.arange(new)[:, None])

    yield {"first_new_token_stands_at": "the first key"}, lambda: _chunks(call, mask=left)


def _ahead(call: Call) -> Claims:
    def everything(before: int, new: int) -> np.ndarray:
        return np.ones((new, before + new), dtype=bool)

    yield {"reads": "everything in the cache"}, lambda: _chunks(call, mask=everything)


# ---- texts -----------------------------------------------------------------------------------------

#: From the logits of all tokens of a text so far (T,V), and the call, to the probabilities of the next token.
Next = Callable[[np.ndarray, Mapping[str, Any]], np.ndarray]


def _texts(call: Call, following: Next, draws: int = 1) -> list[list[int]]:
    return [_text(call, each, following, draws) for each in call.calls]


def _text(call: Call, each: Mapping[str, Any], following: Next, draws: int) -> list[int]:
    """A text as the right code writes it, but for where the next token comes from."""
    rng, ids = np.random.default_rng(each["seed"]), [int(token) for token in each["prompt"]]
    room = len(call.weights["pos_emb.weight"])
    new: list[int] = []
    while len(new) < each["max_new"] and len(ids) < room:
        logits = Reader(call.weights, call.heads, call.layers)(ids)
        p, u = following(logits, each), [rng.random() for _ in range(draws)][-1]
        token = int(min(np.searchsorted(np.cumsum(p), u, side="right"), np.flatnonzero(p)[-1]))
        if token == each.get("stop"):
            break
        ids, new = [*ids, token], [*new, token]
    return new


def _settings(each: Mapping[str, Any]) -> tuple[float, int | None, float | None]:
    return each.get("temperature", 1.0), each.get("top_k"), each.get("top_p")


def _chosen(z: np.ndarray, each: Mapping[str, Any]) -> np.ndarray:
    z = z.copy()
    z[list(each.get("never", ()))] = -np.inf
    return choose(z, *_settings(each))


def _other_row(call: Call) -> Claims:
    yield {"row": "the first"}, lambda: _texts(call, lambda logits, each: _chosen(logits[0], each))
    yield {"row": "the one before the last"}, lambda: _texts(call, lambda logits, each: _chosen(logits[-2:][0], each))
    yield {"row": "the mean of all"}, lambda: _texts(call, lambda logits, each: _chosen(logits.mean(axis=0), each))


def _settings_unused(call: Call) -> Claims:
    if all(_settings(each) == (1.0, None, None) for each in call.calls):
        return
    for name, default in (("temperature", 1.0), ("top_k", None), ("top_p", None)):
        if any(name in each for each in call.calls):
            yield (
                {"not_used": name},
                lambda name=name, default=default: _texts(
                    call, lambda logits, asked: _chosen(logits[-1], {**asked, name: default})
                ),
            )


def _excluded_late(call: Call) -> Claims:
    if not any("never" in each for each in call.calls):
        return

    def afterwards(logits: np.ndarray, each: Mapping[str, Any]) -> np.ndarray:
        p = choose(logits[-1], *_settings(each))
        p[list(each.get("never", ()))] = 0.0
        if not p.any():
            raise ValueError("nothing is left")
        return p / p.sum()

    yield {"excluded": "after the filters"}, lambda: _texts(call, afterwards)
    yield {"excluded": "not at all"}, lambda: _texts(call, lambda logits, each: choose(logits[-1], *_settings(each)))


def _draws(call: Call) -> Claims:
    yield {"numbers_for_each_token": 2}, lambda: _texts(call, lambda logits, each: _chosen(logits[-1], each), draws=2)


# ---- texts, by their ends --------------------------------------------------------------------------


def _pairs(seen: ValueMismatch) -> list[tuple[list[int], list[int], Mapping[str, Any]]]:
    """Texts that differ: got, expected, call. Empty unless all of them are texts."""
    got, expected, calls = _lists(seen.got), _lists(seen.expected), seen.inputs.get("calls", ())
    if got is None or expected is None or not len(got) == len(expected) == len(calls):
        return []
    return [
        (mine, right, each) for mine, right, each in zip(got, expected, calls, strict=True) if mine != right
    ]


def _lists(value: Any) -> list[list[int]] | None:
    try:
        return [[int(token) for token in text] for text in value]
    except (TypeError, ValueError):
        return None


def _ends(said: Callable[[list[int], list[int], Mapping[str, Any]], bool]) -> Callable[[Any], Mapping[str, Any] | None]:
    """Sees a mistake that explains every text that differs."""

    def see(seen: ValueMismatch) -> Mapping[str, Any] | None:
        pairs = _pairs(seen)
        return {"texts": len(pairs)} if pairs and all(said(*pair) for pair in pairs) else None

    return see


def _with_stop(got: list[int], right: list[int], each: Mapping[str, Any]) -> bool:
    return each.get("stop") is not None and got == [*right, each["stop"]]


def _past_stop(got: list[int], right: list[int], each: Mapping[str, Any]) -> bool:
    stop = each.get("stop")
    return stop is not None and got[: len(right)] == right and stop in got[len(right) : len(right) + 1]


def _with_prompt(got: list[int], right: list[int], each: Mapping[str, Any]) -> bool:
    return got == [*each["prompt"], *right]


def _too_long(got: list[int], right: list[int], each: Mapping[str, Any]) -> bool:
    return len(right) < len(got) <= len(right) + 1 and got[: len(right)] == right


def _too_short(got: list[int], right: list[int], each: Mapping[str, Any]) -> bool:
    return len(got) == len(right) - 1 and right[: len(got)] == got


def _rule(code: str, said: Callable[[list[int], list[int], Mapping[str, Any]], bool]) -> Rule:
    return Rule(code, ValueMismatch, _ends(said), Rank.STRUCTURE, (TEXT,))


RULES: Sequence[Rule] = [
    values("cache-position", READ, _positions),
    values("cache-history-lost", READ, _history),
    values("cache-mask-left", READ, _left),
    values("cache-prefill-sees-ahead", READ, _ahead),
    _rule("text-with-end-mark", _with_stop),
    _rule("text-past-the-end", _past_stop),
    _rule("text-with-prompt", _with_prompt),
    _rule("text-too-long", _too_long),
    _rule("text-too-short", _too_short),
    values("other-row-of-logits", TEXT, _other_row),
    values("settings-not-used", TEXT, _settings_unused),
    values("excluded-too-late", TEXT, _excluded_late),
    values("generator-drawn-twice", TEXT, _draws),
]
