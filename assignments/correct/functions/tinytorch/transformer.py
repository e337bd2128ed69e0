from __future__ import annotations

import numpy as np

from .functional import gelu, softmax_vjp
from .nn import Embedding, LayerNorm, Linear, Module
from .ops import add, concat, getitem, matmul, reshape, transpose
from .tensor import Function, Tensor

NEVER = -1e30


def causal_mask(t_q: int, t_k: int | None = None) -> np.ndarray:
    if t_k is None:
        t_k = t_q
    last_visible = np.arange(t_q) + (t_k - t_q)  # the last query sits on the last key
    return np.less_equal.outer(np.arange(t_k), last_visible).T


class Attention(Function):
    """b batch, h head, i query, j key, d inside a head"""

    @staticmethod
    def forward(ctx, q, k, v, mask):
        scale = q.shape[-1] ** -0.5
        scores = np.einsum("bhid,bhjd->bhij", q, k) * scale
        scores = np.where(mask, scores, scores + NEVER)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights = weights / weights.sum(axis=-1, keepdims=True)
        ctx.save(q, k, v, weights, scale)
        return np.einsum("bhij,bhjd->bhid", weights, v)

    @staticmethod
    def backward(ctx, g):
        q, k, v, weights, scale = ctx.saved
        d_scores = softmax_vjp(np.einsum("bhid,bhjd->bhij", g, v), weights) * scale
        return (
            np.einsum("bhij,bhjd->bhid", d_scores, k),
            np.einsum("bhij,bhid->bhjd", d_scores, q),
            np.einsum("bhij,bhid->bhjd", weights, g),
        )


def scaled_dot_product_attention(q: Tensor, k: Tensor, v: Tensor, mask: np.ndarray) -> Tensor:
    return Attention.apply(q, k, v, mask=np.asarray(mask, dtype=bool))


class CausalSelfAttention(Module):
    def __init__(self, width: int, heads: int, *, rng: np.random.Generator):
        super().__init__()
        assert width % heads == 0
        self.heads = heads
        self.width = width
        self.q = Linear(width, width, rng=rng)
        self.k = Linear(width, width, rng=rng)
        self.v = Linear(width, width, rng=rng)
        self.o = Linear(width, width, rng=rng)

    def forward(self, x: Tensor) -> Tensor:
        batch, time, width = x.shape
        # one matrix product for the three of them
        three = (self.q, self.k, self.v)
        weight = concat([layer.weight for layer in three], axis=0)  # (3C, C)
        bias = concat([layer.bias for layer in three], axis=0)
        qkv = add(matmul(x, transpose(weight)), bias)  # (b, t, 3C)
        qkv = reshape(qkv, (batch, time, 3, self.heads, width // self.heads))
        qkv = transpose(qkv, (2, 0, 3, 1, 4))  # (3, b, h, t, d)
        q, k, v = (getitem(qkv, i) for i in range(3))
        y = scaled_dot_product_attention(q, k, v, causal_mask(time))
        y = reshape(transpose(y, (0, 2, 1, 3)), (batch, time, width))
        return self.o(y)


class MLP(Module):
    def __init__(self, width: int, hidden: int, *, rng: np.random.Generator):
        super().__init__()
        self.fc1 = Linear(width, hidden, rng=rng)
        self.fc2 = Linear(hidden, width, rng=rng)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(gelu(self.fc1(x)))


class Block(Module):
    def __init__(self, width: int, heads: int, mlp: int, *, rng: np.random.Generator):
        super().__init__()
        self.ln1 = LayerNorm(width)
        self.attn = CausalSelfAttention(width, heads, rng=rng)
        self.ln2 = LayerNorm(width)
        self.mlp = MLP(width, mlp, rng=rng)

    def forward(self, x: Tensor) -> Tensor:
        x = add(x, self.attn(self.ln1(x)))
        return add(x, self.mlp(self.ln2(x)))


class GPT(Module):
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
    ):
        super().__init__()
        self.tok_emb = Embedding(vocab, width, rng=rng)
        self.pos_emb = Embedding(max_len, width, rng=rng)
        self.blocks = {str(layer): Block(width, heads, mlp, rng=rng) for layer in range(layers)}
        self.ln_f = LayerNorm(width)
        self.head = Linear(width, vocab, bias=False, rng=rng)

    def forward(self, ids: np.ndarray) -> Tensor:
        ids = np.asarray(ids)
        _, time = ids.shape
        positions = self.pos_emb.weight.shape[0]
        if time > positions:
            raise ValueError(f"sequence of {time}, longest possible is {positions}")
        x = add(self.tok_emb(ids), self.pos_emb(np.arange(time)))
        for block in self.blocks.values():
            x = block(x)
        return self.head(self.ln_f(x))
