import math

import numpy as np

from . import functional, ops
from .nn import Embedding, LayerNorm, Linear, Module


def causal_mask(t_q, t_k=None):
    if t_k is None:
        t_k = t_q
    mask = np.zeros((t_q, t_k), dtype=bool)
    for i in range(t_q):
        for j in range(t_k):
            if j <= i + t_k - t_q:
                mask[i, j] = True
    return mask


def scaled_dot_product_attention(q, k, v, mask):
    k_flipped = ops.transpose(k, (0, 1, 3, 2))
    scores = ops.matmul(q, k_flipped) * (1 / math.sqrt(q.shape[-1]))
    scores = ops.where(mask, scores, -math.inf)
    return ops.matmul(functional.softmax(scores), v)


class CausalSelfAttention(Module):
    def __init__(self, width, heads, *, rng):
        if width % heads != 0:
            raise ValueError("width must be a multiple of heads")
        self.heads = heads
        self.q = Linear(width, width, rng=rng)
        self.k = Linear(width, width, rng=rng)
        self.v = Linear(width, width, rng=rng)
        self.o = Linear(width, width, rng=rng)

    def split(self, x):
        B, T, C = x.shape
        x = ops.reshape(x, (B, T, self.heads, C // self.heads))
        return ops.transpose(x, (0, 2, 1, 3))

    def forward(self, x):
        q = self.split(self.q(x))
        k = self.split(self.k(x))
        v = self.split(self.v(x))
        y = scaled_dot_product_attention(q, k, v, causal_mask(x.shape[1]))
        y = ops.transpose(y, (0, 2, 1, 3))
        y = ops.reshape(y, x.shape)
        return self.o(y)


class MLP(Module):
    def __init__(self, width, hidden, *, rng):
        self.fc1 = Linear(width, hidden, rng=rng)
        self.fc2 = Linear(hidden, width, rng=rng)

    def forward(self, x):
        h = self.fc1(x)
        h = functional.gelu(h)
        return self.fc2(h)


class Block(Module):
    def __init__(self, width, heads, mlp, *, rng):
        self.ln1 = LayerNorm(width)
        self.attn = CausalSelfAttention(width, heads, rng=rng)
        self.ln2 = LayerNorm(width)
        self.mlp = MLP(width, mlp, rng=rng)

    def forward(self, x):
        after_attention = x + self.attn(self.ln1(x))
        return after_attention + self.mlp(self.ln2(after_attention))


class GPT(Module):
    def __init__(self, vocab=31, width=16, heads=2, mlp=64, layers=1, max_len=10, *, rng):
        self.max_len = max_len
        self.tok_emb = Embedding(vocab, width, rng=rng)
        self.pos_emb = Embedding(max_len, width, rng=rng)
        self.blocks = []
        for _ in range(layers):
            self.blocks.append(Block(width, heads, mlp, rng=rng))
        self.ln_f = LayerNorm(width)
        self.head = Linear(width, vocab, bias=False, rng=rng)

    def forward(self, ids):
        ids = np.asarray(ids)
        T = ids.shape[1]
        if self.max_len < T:
            raise ValueError(f"at most {self.max_len} tokens")
        x = self.tok_emb(ids) + self.pos_emb(np.arange(T))
        for block in self.blocks:
            x = block(x)
        x = self.ln_f(x)
        return self.head(x)
