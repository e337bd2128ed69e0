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
    # BEGIN SOLUTION A3.1: build the boolean mask with one comparison of positions
    t_k = t_q if t_k is None else t_k
    if t_q < 0 or t_k < 0:
        raise ValueError(f"sizes must not be negative: {t_q}, {t_k}")
    query_positions = np.arange(t_k - t_q, t_k)[:, None]  # (t_q, 1)
    return np.arange(t_k) <= query_positions
    # END SOLUTION


def scaled_dot_product_attention(q: Tensor, k: Tensor, v: Tensor, mask: np.ndarray) -> Tensor:
    """Each query reads a weighted mean of the values: (B,H,Tq,D), (B,H,Tk,D), (B,H,Tk,D) -> (B,H,Tq,D).

    Vaswani et al. 2017, equation 1, over the keys that `mask` allows (bool, (Tq, Tk), True = may attend): a key that is
    not allowed has weight exactly 0. Raises ValueError when the shapes do not fit or a query may attend to no key.

    Example: with all queries 0, the query at position t of a causal mask reads the mean of v[..., :t+1, :].
    """
    # BEGIN SOLUTION A3.2: scores, mask, softmax over the keys, weighted mean; and backward through all four
    if mask.shape != (q.shape[-2], k.shape[-2]) or not mask.any(axis=1).all():
        raise ValueError(f"mask {mask.shape} must be {(q.shape[-2], k.shape[-2])} and leave each query a key")
    scale = 1.0 / np.sqrt(q.shape[-1])
    weights = q.data @ k.data.swapaxes(-1, -2)  # (B,H,Tq,D) @ (B,H,D,Tk) -> (B,H,Tq,Tk)
    weights *= scale
    np.copyto(weights, -np.inf, where=~mask)
    weights -= weights.max(axis=-1, keepdims=True)
    np.exp(weights, out=weights)
    weights /= weights.sum(axis=-1, keepdims=True)

    def backward(g):
        g_weights = g @ v.data.swapaxes(-1, -2)  # (B,H,Tq,D) @ (B,H,D,Tk) -> (B,H,Tq,Tk)
        g_scores = F.softmax_vjp(g_weights, weights)
        g_scores *= scale
        g_q = g_scores @ k.data
        g_k = g_scores.swapaxes(-1, -2) @ q.data  # (B,H,Tk,Tq) @ (B,H,Tq,D) -> (B,H,Tk,D)
        g_v = weights.swapaxes(-1, -2) @ g
        return g_q, g_k, g_v

    return Tensor(weights @ v.data, _parents=(q, k, v), _backward=backward)
    # END SOLUTION


class CausalSelfAttention(Module):
    """Every position reads from itself and the past, through several heads: x (B,T,C) -> (B,T,C).

    q, k, v and o are Linear(width, width) with bias. Head h uses the h-th stretch of width / heads columns.
    Raises ValueError when width is no multiple of heads.
    """

    def __init__(self, width: int, heads: int, *, rng: np.random.Generator) -> None:
        # BEGIN SOLUTION A3.3: create q, k, v and o in this order
        if width % heads:
            raise ValueError(f"width {width} is not a multiple of heads {heads}")
        self.heads = heads
        self.q = Linear(width, width, rng=rng)
        self.k = Linear(width, width, rng=rng)
        self.v = Linear(width, width, rng=rng)
        self.o = Linear(width, width, rng=rng)
        # END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        # BEGIN SOLUTION A3.3: project, split into heads, attend with causal_mask, merge the heads, project
        q, k, v = (_split_heads(project(x), self.heads) for project in (self.q, self.k, self.v))
        read = scaled_dot_product_attention(q, k, v, causal_mask(x.shape[1]))
        return self.o(_merge_heads(read))
        # END SOLUTION


# BEGIN SOLUTION A3.3: split and merge
# Each is the other's backward. One node for both steps: small nodes cost more than the arithmetic of this model.


def _split_heads(x: Tensor, heads: int) -> Tensor:
    """(B,T,C) -> (B,H,T,D)"""
    return Tensor(_split(x.data, heads), _parents=(x,), _backward=lambda g: (_merge(g),))


def _merge_heads(x: Tensor) -> Tensor:
    """(B,H,T,D) -> (B,T,C)"""
    heads = x.shape[1]
    return Tensor(_merge(x.data), _parents=(x,), _backward=lambda g: (_split(g, heads),))


def _split(x: np.ndarray, heads: int) -> np.ndarray:
    batch, time, width = x.shape
    x = x.reshape(batch, time, heads, width // heads)  # (B,T,C) -> (B,T,H,D)
    return x.transpose(0, 2, 1, 3)  # (B,T,H,D) -> (B,H,T,D)


def _merge(x: np.ndarray) -> np.ndarray:
    batch, heads, time, head_width = x.shape
    x = x.transpose(0, 2, 1, 3)  # (B,H,T,D) -> (B,T,H,D)
    return x.reshape(batch, time, heads * head_width)  # (B,T,H,D) -> (B,T,C)


# END SOLUTION


class MLP(Module):
    """Each position thinks for itself: Linear fc1 to `hidden`, gelu, Linear fc2 back; x (..., C) -> (..., C)."""

    def __init__(self, width: int, hidden: int, *, rng: np.random.Generator) -> None:
        # BEGIN SOLUTION A3.4: create fc1 and fc2
        self.fc1 = Linear(width, hidden, rng=rng)
        self.fc2 = Linear(hidden, width, rng=rng)
        # END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        # BEGIN SOLUTION A3.4: out, gelu, back
        return self.fc2(F.gelu(self.fc1(x)))
        # END SOLUTION


class Block(Module):
    """One layer: x = x + attn(ln1(x)), then x = x + mlp(ln2(x)); x (B,T,C) -> (B,T,C)."""

    def __init__(self, width: int, heads: int, mlp: int, *, rng: np.random.Generator) -> None:
        # BEGIN SOLUTION A3.4: create ln1, attn, ln2 and mlp
        self.ln1 = LayerNorm(width)
        self.attn = CausalSelfAttention(width, heads, rng=rng)
        self.ln2 = LayerNorm(width)
        self.mlp = MLP(width, mlp, rng=rng)
        # END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        # BEGIN SOLUTION A3.4: two residual steps
        x = x + self.attn(self.ln1(x))
        return x + self.mlp(self.ln2(x))
        # END SOLUTION


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
        # BEGIN SOLUTION A3.5: create the parts
        self.max_len = max_len
        self.tok_emb = Embedding(vocab, width, rng=rng)
        self.pos_emb = Embedding(max_len, width, rng=rng)
        self.blocks = [Block(width, heads, mlp, rng=rng) for _ in range(layers)]
        self.ln_f = LayerNorm(width)
        self.head = Linear(width, vocab, bias=False, rng=rng)
        # Most targets are padding: larger logits would bet on it or against it by chance.
        self.head.weight.data *= 0.3
        # END SOLUTION

    def forward(self, ids: np.ndarray) -> Tensor:
        # BEGIN SOLUTION A3.5: embed, add positions, run the blocks, norm, head
        ids = np.asarray(ids)
        if ids.ndim != 2 or ids.shape[1] > self.max_len:
            raise ValueError(f"ids must be (B,T) with T <= {self.max_len}, got {ids.shape}")
        x = self.tok_emb(ids) + self.pos_emb(np.arange(ids.shape[1]))  # (B,T,C) + (T,C) -> (B,T,C)
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln_f(x))
        # END SOLUTION
