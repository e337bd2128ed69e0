"""Array kernels without any Tensor in them, and the flat buffers of the optimisers."""

import numpy as np

GELU_SCALE = 0.7978845608028654  # sqrt(2 / pi)
GELU_CUBIC = 0.044715


def shrink(g, shape):
    """Sum g down to `shape`, the opposite of broadcasting."""
    extra = g.ndim - len(shape)
    if extra:
        g = np.add.reduce(g, axis=tuple(range(extra)))
    for axis, size in enumerate(shape):
        if size != g.shape[axis]:
            g = np.add.reduce(g, axis=axis, keepdims=True)
    return g


def log_sum_exp(x, axis=-1):
    top = x.max(axis=axis, keepdims=True)
    return top + np.log(np.exp(x - top).sum(axis=axis, keepdims=True))


def rows_of(x):
    """(..., n) -> (N, n)"""
    return x.reshape(-1, x.shape[-1])


def split_heads(x, heads):
    """(B,T,C) -> (B,H,T,D)"""
    b, t, c = x.shape
    return np.swapaxes(x.reshape(b, t, heads, c // heads), 1, 2)


def join_heads(x):
    """(B,H,T,D) -> (B,T,C)"""
    b, h, t, d = x.shape
    return np.swapaxes(x, 1, 2).reshape(b, t, h * d)


class Flat:
    """Where each parameter lies in one long vector, and vectors of that length to work in.

    The parameters keep their own arrays: gather() copies them in, scatter() copies them out.
    """

    def __init__(self, params):
        self.params = list(params)
        sizes = [p.data.size for p in self.params]
        ends = np.cumsum(sizes, dtype=int)
        self.spans = [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]
        self.length = int(sum(sizes))
        self.values = self.zeros()
        self.grads = self.zeros()

    def zeros(self):
        return np.zeros(self.length)

    def gather(self):
        """Fill `values` and `grads`; returns the positions that have a gradient (a slice when all have)."""
        missing = False
        has_grad = np.ones(self.length, dtype=bool)
        for p, span in zip(self.params, self.spans, strict=True):
            self.values[span] = p.data.ravel()
            if p.grad is None:
                has_grad[span] = False
                missing = True
            else:
                self.grads[span] = p.grad.ravel()
        return np.flatnonzero(has_grad) if missing else slice(None)

    def scatter(self):
        for p, span in zip(self.params, self.spans, strict=True):
            if p.grad is not None:
                p.data[...] = self.values[span].reshape(p.data.shape)
