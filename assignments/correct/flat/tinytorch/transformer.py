"""GPT in few nodes: embedding, attention and every layer are one node each."""

import numpy as np

from tinytorch import functional, ops
from tinytorch._utils import join_heads, log_sum_exp, split_heads
from tinytorch.nn import Embedding, LayerNorm, Linear, Module


def causal_mask(t_q, t_k=None):
    t_k = t_q if t_k is None else t_k
    future = np.triu(np.ones((t_q, t_k), dtype=bool), k=1 + t_k - t_q)
    return ~future


def _attention_rule(q, k, v, p, scale, g):
    dv = np.matmul(p.swapaxes(2, 3), g)
    dp = np.matmul(g, v.swapaxes(2, 3))
    ds = p * (dp - (p * dp).sum(axis=3, keepdims=True)) * scale
    return np.matmul(ds, k), np.matmul(ds.swapaxes(2, 3), q), dv


def scaled_dot_product_attention(q, k, v, mask):
    q, k, v = ops.tensor(q), ops.tensor(k), ops.tensor(v)
    scale = 1 / np.sqrt(q.shape[3])
    scores = np.matmul(q.data, k.data.swapaxes(2, 3)) * scale
    scores[..., ~np.asarray(mask, dtype=bool)] = -np.inf
    p = np.exp(scores - log_sum_exp(scores))
    return ops.node(np.matmul(p, v.data), (q, k, v), _attention_rule, q.data, k.data, v.data, p, scale)


def _split_rule(g):
    return (join_heads(g),)


def _join_rule(heads, g):
    return (split_heads(g, heads),)


class CausalSelfAttention(Module):
    def __init__(self, width, heads, *, rng):
        if width % heads:
            raise ValueError(f"{width} columns for {heads} heads")
        self.heads = heads
        self.q = Linear(width, width, rng=rng)
        self.k = Linear(width, width, rng=rng)
        self.v = Linear(width, width, rng=rng)
        self.o = Linear(width, width, rng=rng)
        self.inputs = (self.q, self.k, self.v)

    def forward(self, x):
        parts = []
        for project in self.inputs:
            y = project(x)
            parts.append(ops.node(split_heads(y.data, self.heads), (y,), _split_rule))
        mixed = scaled_dot_product_attention(*parts, causal_mask(x.shape[1]))
        return self.o(ops.node(join_heads(mixed.data), (mixed,), _join_rule, self.heads))


class MLP(Module):
    def __init__(self, width, hidden, *, rng):
        self.fc1 = Linear(width, hidden, rng=rng)
        self.fc2 = Linear(hidden, width, rng=rng)
        self.stages = (self.fc1, functional.gelu, self.fc2)

    def forward(self, x):
        for stage in self.stages:
            x = stage(x)
        return x


class Block(Module):
    def __init__(self, width, heads, mlp, *, rng):
        self.ln1 = LayerNorm(width)
        self.attn = CausalSelfAttention(width, heads, rng=rng)
        self.ln2 = LayerNorm(width)
        self.mlp = MLP(width, mlp, rng=rng)
        self.branches = ((self.ln1, self.attn), (self.ln2, self.mlp))

    def forward(self, x):
        for norm, branch in self.branches:
            x = ops.add(x, branch(norm(x)))
        return x


def _embed_rule(vocab, positions, ids, g):
    d_pos = np.zeros((positions, g.shape[2]))
    d_pos[: ids.shape[1]] = g.sum(axis=0)
    return ops.scatter_rows(vocab, ids, g), d_pos


class GPT(Module):
    def __init__(self, vocab=31, width=16, heads=2, mlp=64, layers=1, max_len=10, *, rng):
        self.max_len = max_len
        self.tok_emb = Embedding(vocab, width, rng=rng)
        self.pos_emb = Embedding(max_len, width, rng=rng)
        self.blocks = tuple([Block(width, heads, mlp, rng=rng) for _ in range(layers)])
        self.ln_f = LayerNorm(width)
        self.head = Linear(width, vocab, bias=False, rng=rng)

    def forward(self, ids):
        tok, pos = self.tok_emb.weight, self.pos_emb.weight
        ids = ops.check_ids(ids, tok.shape[0])
        if ids.ndim != 2 or ids.shape[1] > self.max_len:
            raise ValueError(f"ids of shape {ids.shape}: at most {self.max_len} in a row")
        embedded = tok.data[ids] + pos.data[: ids.shape[1]]
        x = ops.node(embedded, (tok, pos), _embed_rule, tok.shape[0], self.max_len, ids)
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln_f(x))
