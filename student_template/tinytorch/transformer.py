"""A decoder-only transformer (pre-norm, learned positions): GPT in the size that trains in seconds.

Vaswani et al. 2017, Attention Is All You Need; Radford et al. 2019 for the pre-norm arrangement.
Letters in shape comments: B batch, T time (position), C width, H heads, D = C / H width of a head, V vocabulary.
"""

from __future__ import annotations

import numpy as np

from . import functional as F
from .nn import Embedding, LayerNorm, Linear, Module
from .tensor import Tensor


def causal_mask(t_q: int, t_k: int | None = None) -> np.ndarray:
    """Which key each query may attend to: bool (t_q, t_k), True = may attend; t_k defaults to t_q.

    The last query stands at the last key (lower-right aligned), as when the first keys come from a cache.
    Raises ValueError for a negative size.

    Example: causal_mask(2, 3) is [[True, True, False], [True, True, True]].
    """
    raise NotImplementedError("A3.1: build the boolean mask with one comparison of positions")


def scaled_dot_product_attention(q: Tensor, k: Tensor, v: Tensor, mask: np.ndarray) -> Tensor:
    """Each query reads a weighted mean of the values: (B,H,Tq,D), (B,H,Tk,D), (B,H,Tk,D) -> (B,H,Tq,D).

    Vaswani et al. 2017, equation 1, over the keys that `mask` allows (bool, (Tq, Tk), True = may attend): a key that is
    not allowed has weight exactly 0. Raises ValueError when the shapes do not fit or a query may attend to no key.

    Example: with all queries 0, the query at position t of a causal mask reads the mean of v[..., :t+1, :].
    """
    raise NotImplementedError("A3.2: scores, mask, softmax over the keys, weighted mean; and backward through all four")


class CausalSelfAttention(Module):
    """Every position reads from itself and the past, through several heads: x (B,T,C) -> (B,T,C).

    q, k, v and o are Linear(width, width) with bias. Head h uses the h-th stretch of width / heads columns.
    Raises ValueError when width is no multiple of heads.
    """

    def __init__(self, width: int, heads: int, *, rng: np.random.Generator) -> None:
        raise NotImplementedError("A3.3: create q, k, v and o in this order")

    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError("A3.3: project, split into heads, attend with causal_mask, merge the heads, project")


class MLP(Module):
    """Each position thinks for itself: Linear fc1 to `hidden`, gelu, Linear fc2 back; x (..., C) -> (..., C)."""

    def __init__(self, width: int, hidden: int, *, rng: np.random.Generator) -> None:
        raise NotImplementedError("A3.4: create fc1 and fc2")

    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError("A3.4: out, gelu, back")


class Block(Module):
    """One layer: x = x + attn(ln1(x)), then x = x + mlp(ln2(x)); x (B,T,C) -> (B,T,C)."""

    def __init__(self, width: int, heads: int, mlp: int, *, rng: np.random.Generator) -> None:
        raise NotImplementedError("A3.4: create ln1, attn, ln2 and mlp")

    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError("A3.4: two residual steps")


class GPT(Module):
    """Token ids to the logits of each next token: int (B,T) -> (B,T,V).

    Token and position embeddings tok_emb and pos_emb, the list `blocks`, a last LayerNorm ln_f, and the output Linear
    `head` without bias, which shares no weight with tok_emb and starts small, so that the loss of a new model is near
    log V. With the defaults there are 4,464 parameters.
    Raises ValueError when ids are not (B,T) or T > max_len, IndexError for an id outside the vocabulary.
    """

    def __init__(
        self,
        vocab: int = 31,
        width: int = 16,
        heads: int = 2,
        mlp: int = 64,
        layers: int = 1,
        max_len: int = 10,
        *,
        rng: np.random.Generator,
    ) -> None:
        raise NotImplementedError("A3.5: create the parts")

    def forward(self, ids: np.ndarray) -> Tensor:
        raise NotImplementedError("A3.5: embed, add positions, run the blocks, norm, head")
