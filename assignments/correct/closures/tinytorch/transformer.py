"""GPT out of primitive ops. Shapes: B batch, T positions, C width, H heads, D = C / H."""

import numpy as np

from . import ops
from .functional import gelu, softmax
from .nn import Embedding, LayerNorm, Linear, Module


def causal_mask(t_q, t_k=None):
    t_k = t_q if t_k is None else t_k
    return np.tril(np.ones((t_q, t_k), dtype=bool), t_k - t_q)


def scaled_dot_product_attention(q, k, v, mask):
    scores = ops.div(ops.matmul(q, ops.transpose(k, (0, 1, 3, 2))), float(np.sqrt(q.shape[-1])))
    weights = softmax(ops.where(mask, scores, -1e30))
    return ops.matmul(weights, v)


class CausalSelfAttention(Module):
    def __init__(self, width, heads, *, rng):
        if width % heads != 0:
            raise ValueError("heads must divide width")
        self.heads = heads
        self.q, self.k, self.v, self.o = [Linear(width, width, rng=rng) for _ in "qkvo"]

    def forward(self, x):
        B, T, C = x.shape
        H = self.heads
        q, k, v = [
            ops.transpose(ops.reshape(lin(x), (B, T, H, C // H)), (0, 2, 1, 3)) for lin in (self.q, self.k, self.v)
        ]
        y = scaled_dot_product_attention(q, k, v, causal_mask(T))
        return self.o(ops.reshape(ops.transpose(y, (0, 2, 1, 3)), (B, T, C)))


class MLP(Module):
    def __init__(self, width, hidden, *, rng):
        self.fc1 = Linear(width, hidden, rng=rng)
        self.fc2 = Linear(hidden, width, rng=rng)

    def forward(self, x):
        return self.fc2(gelu(self.fc1(x)))


class Block(Module):
    def __init__(self, width, heads, mlp, *, rng):
        self.ln1 = LayerNorm(width)
        self.attn = CausalSelfAttention(width, heads, rng=rng)
        self.ln2 = LayerNorm(width)
        self.mlp = MLP(width, mlp, rng=rng)

    def forward(self, x):
        x = x + self.attn(self.ln1(x))
        return x + self.mlp(self.ln2(x))


class GPT(Module):
    def __init__(self, vocab=31, width=16, heads=2, mlp=64, layers=1, max_len=10, *, rng):
        self.max_len = max_len
        self.tok_emb = Embedding(vocab, width, rng=rng)
        self.pos_emb = Embedding(max_len, width, rng=rng)
        self.blocks = [Block(width, heads, mlp, rng=rng) for _ in range(layers)]
        self.ln_f = LayerNorm(width)
        self.head = Linear(width, vocab, bias=False, rng=rng)

    def forward(self, ids):
        ids = np.asarray(ids)
        length = ids.shape[-1]
        if length > self.max_len:
            raise ValueError(f"{length} tokens, but I have only {self.max_len} positions")
        x = self.tok_emb(ids) + self.pos_emb(np.arange(length))
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln_f(x))
