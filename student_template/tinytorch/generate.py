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
    raise NotImplementedError("A6.1: sort once, keep the first ones, softmax over them")


def sample(p: np.ndarray, u: float) -> int:
    """The token id that the number u, 0 <= u < 1, picks from the probabilities p (V,): the inverse CDF.

    It is the first id at which the running sum of p exceeds u; where rounding keeps the sum from ever exceeding it, the
    last id whose probability is not 0. An id of probability 0 is never picked.

    Example: p [0.25, 0.75] picks 0 for u = 0 and 1 for u = 0.25.
    """
    raise NotImplementedError("A6.2: look u up in the running sum")


class KVCache:
    """Keys and values of every position that was read so far, for every layer, in buffers that are made once.

    `heads` and `max_len` are the arguments. `length` is the number of positions that all layers hold.
    """

    def __init__(self, layers: int, heads: int, max_len: int, head_dim: int, dtype: Any = np.float64) -> None:
        raise NotImplementedError("A6.3: make the buffers")

    @property
    def length(self) -> int:
        raise NotImplementedError("A6.3: count what every layer has")

    def append(self, layer: int, k: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Add k and v (H,t,D) of the next t positions; returns keys and values (H,T,D) of all positions of the layer.

        What comes back are views of the buffers: only the new rows are copied. Raises ValueError when there is no
        room for them, before anything is stored.

        Example: in a new cache of two layers, append(0, k, v) returns k and v, and `length` is still 0.
        """
        raise NotImplementedError("A6.3: write the new rows behind the old ones")


def forward_cached(model: Module, ids_new: np.ndarray | Sequence[int], cache: KVCache) -> np.ndarray:
    """The logits (t,V) of t new tokens (ids, one axis) that follow those in the cache; the cache then holds them, too.

    The same numbers as in the last t rows of model(all ids so far), for any division of the ids into calls. All new
    tokens go through the model at once, and nothing is remembered for a backward.
    Raises ValueError when they do not fit into the cache.
    """
    raise NotImplementedError("A6.4: the model on the new rows alone, with attention over the cache")


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
    raise NotImplementedError("A6.5: read the prompt, then choose and read one token at a time")
