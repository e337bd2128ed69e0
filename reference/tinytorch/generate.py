"""Generation: from logits to the next token, token after token, with a cache of what was read before.

Nothing here is trained, so everything is plain arrays. Letters in shape comments: t new tokens, T all tokens so far,
C width, H heads, D = C / H width of a head, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np

from .nn import Module
from .transformer import causal_mask

#: The end mark, which is the padding, too.
EOS = 0


def filter_logits(
    z: np.ndarray, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> np.ndarray:
    """The probabilities (V,) from which the next token is drawn, made of its logits z (V,).

    In this order: logits are divided by the temperature (0: only the largest is left); only the `top_k` largest stay;
    softmax; only the fewest tokens, most probable first, whose probabilities sum to at least `top_p` stay, and these
    are scaled to sum to 1. Among equal ones the smaller id goes first. A top_k above V keeps all. A logit of -inf is a
    token that is excluded: its probability is 0. Holtzman et al. 2020, The Curious Case of Neural Text Degeneration.

    Raises ValueError for a temperature below 0, a top_k below 1, a top_p outside 0 < top_p <= 1.

    Example: the logits log [0.4, 0.3, 0.2, 0.1] with top_p 0.8 give [4/9, 3/9, 2/9, 0].
    """
    # BEGIN SOLUTION A6.1: sort once, keep the first ones, softmax over them
    if temperature < 0 or (top_k is not None and top_k < 1) or (top_p is not None and not 0 < top_p <= 1):
        raise ValueError(f"temperature {temperature}, top_k {top_k}, top_p {top_p}")
    z = np.array(z, np.float64)
    kept = np.argsort(-z, kind="stable")[: 1 if temperature == 0 else top_k]
    p = np.exp((z[kept] - z[kept[0]]) / (temperature or 1.0))
    p /= p.sum()
    if top_p is not None:
        # A token stays when those before it do not reach top_p yet: the one that crosses it stays, too.
        p = p[np.cumsum(p) - p < top_p]
        p /= p.sum()
    probabilities = np.zeros(z.shape)
    probabilities[kept[: p.size]] = p
    return probabilities
    # END SOLUTION


def sample(p: np.ndarray, u: float) -> int:
    """The token id that the number u, 0 <= u < 1, picks from the probabilities p (V,): the inverse CDF.

    It is the first id at which the running sum of p exceeds u; where rounding keeps the sum from ever exceeding it, the
    last id whose probability is not 0. An id of probability 0 is never picked.

    Example: p [0.25, 0.75] picks 0 for u = 0 and 1 for u = 0.25.
    """
    # BEGIN SOLUTION A6.2: look u up in the running sum
    first = np.searchsorted(np.cumsum(p), u, side="right")
    return int(min(first, np.flatnonzero(p)[-1]))
    # END SOLUTION


class KVCache:
    """Keys and values of every position that was read so far, for every layer, in buffers that are made once.

    `heads` and `max_len` are the arguments. `length` is the number of positions that all layers hold.
    """

    def __init__(self, layers: int, heads: int, max_len: int, head_dim: int, dtype: Any = np.float64) -> None:
        # BEGIN SOLUTION A6.3: make the buffers
        self.heads = heads
        self.max_len = max_len
        self._keys = np.empty((layers, heads, max_len, head_dim), dtype)
        self._values = np.empty_like(self._keys)
        self._lengths = [0] * layers
        # END SOLUTION

    @property
    def length(self) -> int:
        # BEGIN SOLUTION A6.3: count what every layer has
        return min(self._lengths)
        # END SOLUTION

    def append(self, layer: int, k: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Add k and v (H,t,D) of the next t positions; returns keys and values (H,T,D) of all positions of the layer.

        What comes back are views of the buffers: only the new rows are copied. Raises ValueError when there is no
        room for them, before anything is stored.

        Example: in a new cache of two layers, append(0, k, v) returns k and v, and `length` is still 0.
        """
        # BEGIN SOLUTION A6.3: write the new rows behind the old ones
        start = self._lengths[layer]
        end = start + k.shape[1]
        if end > self.max_len:
            raise ValueError(f"{start} positions and {k.shape[1]} more do not fit into {self.max_len}")
        self._keys[layer, :, start:end] = k
        self._values[layer, :, start:end] = v
        self._lengths[layer] = end
        return self._keys[layer, :, :end], self._values[layer, :, :end]
        # END SOLUTION


def forward_cached(model: Module, ids_new: np.ndarray | Sequence[int], cache: KVCache) -> np.ndarray:
    """The logits (t,V) of t new tokens (ids, one axis) that follow those in the cache; the cache then holds them, too.

    The same numbers as in the last t rows of model(all ids so far), for any division of the ids into calls. All new
    tokens go through the model at once, and nothing is remembered for a backward.
    Raises ValueError when they do not fit into the cache.
    """
    # BEGIN SOLUTION A6.4: the model on the new rows alone, with attention over the cache
    ids = np.asarray(ids_new)
    start, end = cache.length, cache.length + ids.size
    if end > cache.max_len:
        raise ValueError(f"{start} tokens and {ids.size} more are too many for {cache.max_len}")
    mask = causal_mask(ids.size, end)
    x = model.tok_emb.weight.data[ids] + model.pos_emb.weight.data[start:end]  # (t,C)
    for layer, block in enumerate(_blocks(model)):
        x = x + _attend(block.attn, _normalise(x, block.ln1), mask, layer, cache)
        x = x + _linear(_gelu(_linear(_normalise(x, block.ln2), block.mlp.fc1)), block.mlp.fc2)
    return _normalise(x, model.ln_f) @ model.head.weight.data.T
    # END SOLUTION


# BEGIN SOLUTION A6.4: the layers on arrays
def _blocks(model: Module) -> Iterable[Any]:
    return model.blocks.values() if isinstance(model.blocks, dict) else model.blocks


def _linear(x: np.ndarray, layer: Any) -> np.ndarray:
    return x @ layer.weight.data.T + layer.bias.data


def _normalise(x: np.ndarray, layer: Any) -> np.ndarray:
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    return centred / np.sqrt(variance + 1e-5) * layer.weight.data + layer.bias.data


def _gelu(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1.0 + np.tanh(0.7978845608028654 * x * (1.0 + 0.044715 * x * x)))  # sqrt(2 / pi)


def _heads(x: np.ndarray, heads: int) -> np.ndarray:
    """(t,C) -> (H,t,D)"""
    return x.reshape(len(x), heads, -1).swapaxes(0, 1)


def _attend(attention: Any, x: np.ndarray, mask: np.ndarray, layer: int, cache: KVCache) -> np.ndarray:
    """Attention of the new rows x (t,C) over all positions; the cache gets their keys and values."""
    q, k, v = [_heads(_linear(x, project), cache.heads) for project in (attention.q, attention.k, attention.v)]
    keys, values = cache.append(layer, k, v)
    scores = q @ keys.swapaxes(1, 2) / float(np.sqrt(q.shape[-1]))  # (H,t,T)
    scores = np.where(mask, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    read = (weights @ values).swapaxes(0, 1).reshape(x.shape)  # (H,t,D) -> (t,C)
    return _linear(read, attention.o)


# END SOLUTION


def generate(
    model: Module,
    prompt: Sequence[int] | np.ndarray,
    max_new: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    rng: np.random.Generator,
    cache: bool = True,
    stop: int | None = EOS,
    never: Collection[int] = (),
) -> list[int]:
    """The ids that follow `prompt` (ids, one axis), one after the other, in evaluation mode; the model is not changed.

    Each is `sample(filter_logits(...), rng.random())`: one number is drawn for each token, whatever the temperature.
    Ids in `never` are excluded before anything else. It ends at the id `stop`, which is not returned (None: no such
    id), after max_new ids, or when prompt and result together have as many ids as the model has positions.
    With and without `cache` the result is the same; with it, each token is read once.

    Raises ValueError for an empty prompt or one that is longer than the model allows.
    """
    # BEGIN SOLUTION A6.5: read the prompt, then choose and read one token at a time
    ids = [int(token) for token in prompt]
    positions = len(model.pos_emb.weight.data)
    if not ids or len(ids) > positions:
        raise ValueError(f"a prompt has 1 to {positions} tokens, not {len(ids)}")
    read = _reader(model, positions, cache)
    new: list[int] = []
    excluded = list(never)
    unread = ids
    while len(new) < max_new and len(ids) + len(new) < positions:
        logits = np.array(read(unread), dtype=np.float64)
        logits[excluded] = -np.inf
        token = sample(filter_logits(logits, temperature, top_k, top_p), rng.random())
        if token == stop:
            break
        new.append(token)
        unread = [token]
    return new
    # END SOLUTION


# BEGIN SOLUTION A6.5: what reads tokens and gives the logits of the next one
def _reader(model: Module, positions: int, cached: bool) -> Any:
    """A function that takes the tokens that it has not seen yet, and gives the logits (V,) after them."""
    first = next(iter(_blocks(model)), None)
    if cached and first is not None:
        heads = first.attn.heads
        width, dtype = model.pos_emb.weight.shape[1], model.pos_emb.weight.data.dtype
        cache = KVCache(len(model.blocks), heads, positions, width // heads, dtype)
        return lambda tokens: forward_cached(model, tokens, cache)[-1]
    seen: list[int] = []

    def read(tokens: Sequence[int]) -> np.ndarray:
        seen.extend(tokens)
        was_training = model.training
        model.eval()
        logits = model(np.array([seen])).data[0, -1]
        model.train(was_training)
        return logits

    return read


# END SOLUTION
