"""
The operations, written out the way I do them on paper: with loops.

numpy only stores the numbers here and adds or multiplies whole columns.
"""

import math

import numpy as np

from .tensor import Tensor, unbroadcast


def wrap(x):
    if isinstance(x, Tensor):
        return x
    return Tensor(x)


def each(function, *arrays):
    """function for one entry after the other (arrays of one shape)"""
    lists = [a.ravel().tolist() for a in arrays]
    out = [function(*entries) for entries in zip(*lists, strict=True)]
    return np.array(out, dtype=np.float64).reshape(arrays[0].shape)


# ------------------------------------------------------------ arithmetic


def add(a, b):
    a = wrap(a)
    b = wrap(b)

    def backward(g):
        return unbroadcast(g, a.shape), unbroadcast(g, b.shape)

    return Tensor(a.data + b.data, False, (a, b), backward)


def sub(a, b):
    a = wrap(a)
    b = wrap(b)

    def backward(g):
        return unbroadcast(g, a.shape), unbroadcast(-g, b.shape)

    return Tensor(a.data - b.data, False, (a, b), backward)


def mul(a, b):
    a = wrap(a)
    b = wrap(b)

    def backward(g):
        return unbroadcast(g * b.data, a.shape), unbroadcast(g * a.data, b.shape)

    return Tensor(a.data * b.data, False, (a, b), backward)


def div(a, b):
    a = wrap(a)
    b = wrap(b)

    def backward(g):
        return unbroadcast(g / b.data, a.shape), unbroadcast(-(g * a.data) / b.data**2, b.shape)

    return Tensor(a.data / b.data, False, (a, b), backward)


def neg(x):
    x = wrap(x)

    def backward(g):
        return (-g,)

    return Tensor(-x.data, False, (x,), backward)


def power(a, b):
    a = wrap(a)
    b = wrap(b)
    y = a.data**b.data

    def backward(g):
        exponent = b.data - 1
        if np.any(b.data == 0):
            exponent = np.where(b.data == 0, 0.0, exponent)
        da = unbroadcast(g * b.data * a.data**exponent, a.shape)
        if not b.requires_grad:
            return da, None
        logarithm = np.log(np.where(a.data == 0, 1.0, a.data))
        return da, unbroadcast(g * y * logarithm, b.shape)

    return Tensor(y, False, (a, b), backward)


# ------------------------------------------------------------ functions


def _exp(x):
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _log(x):
    if x > 0:
        return math.log(x)
    if x == 0:
        return -math.inf
    return math.nan


def exp(x):
    x = wrap(x)
    y = each(_exp, x.data)

    def backward(g):
        return (g * y,)

    return Tensor(y, False, (x,), backward)


def log(x):
    x = wrap(x)

    def backward(g):
        return (g / x.data,)

    return Tensor(each(_log, x.data), False, (x,), backward)


def tanh(x):
    x = wrap(x)
    y = each(math.tanh, x.data)

    def backward(g):
        return (each(lambda gi, yi: gi * (1 - yi * yi), g, y),)

    return Tensor(y, False, (x,), backward)


def relu(x):
    x = wrap(x)

    def backward(g):
        return (each(lambda gi, xi: gi if xi > 0 else 0.0, g, x.data),)

    return Tensor(each(lambda xi: 0.0 if xi <= 0 else xi, x.data), False, (x,), backward)


def maximum(a, b):
    a = wrap(a)
    b = wrap(b)
    big_a, big_b = np.broadcast_arrays(a.data, b.data)

    def backward(g):
        def share(gi, mine, other):
            if mine > other:
                return gi
            if mine == other:
                return gi / 2  # a draw
            return 0.0

        da = each(share, g, big_a, big_b)
        db = each(share, g, big_b, big_a)
        return unbroadcast(da, a.shape), unbroadcast(db, b.shape)

    return Tensor(np.maximum(a.data, b.data), False, (a, b), backward)


def where(condition, a, b):
    a = wrap(a)
    b = wrap(b)
    condition = np.asarray(condition, dtype=bool)

    def backward(g):
        nothing = np.zeros(g.shape)
        return unbroadcast(np.where(condition, g, nothing), a.shape), unbroadcast(
            np.where(condition, nothing, g), b.shape
        )

    return Tensor(np.where(condition, a.data, b.data), False, (a, b), backward)


# ------------------------------------------------------------ matrices


def rows_times_matrix(a, b):
    """(N, k) times (k, n): every weight b[p, j] moves column p of a into column j of the result.

    The loop runs over the weights, all N rows go together.
    """
    k, n = b.shape
    columns = []
    for p in range(k):
        columns.append(a[:, p].copy())
    weights = b.tolist()
    out = np.zeros((a.shape[0], n))
    for j in range(n):
        total = np.zeros(a.shape[0])
        for p in range(k):
            total += columns[p] * weights[p][j]
        out[:, j] = total
    return out


def columns_with_columns(a, g):
    """(N, k) and (N, n) -> (k, n): the dot product of every column of a with every column of g."""
    left = []
    for p in range(a.shape[1]):
        left.append(a[:, p].copy())
    out = np.zeros((a.shape[1], g.shape[1]))
    for j in range(g.shape[1]):
        right = g[:, j].copy()
        for p in range(a.shape[1]):
            out[p, j] = left[p].dot(right)
    return out


def stacked_product(a, b):
    """(..., m, k) times (..., k, n), the batch goes together"""
    m, k = a.shape[-2:]
    n = b.shape[-1]
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    out = np.zeros((*batch, m, n))
    for i in range(m):
        for j in range(n):
            for p in range(k):
                out[..., i, j] += a[..., i, p] * b[..., p, j]
    return out


def flip(a):
    return a.swapaxes(-1, -2)


def matmul(a, b):
    a = wrap(a)
    b = wrap(b)
    if len(a.shape) < 2 or len(b.shape) < 2:
        raise ValueError("matmul is for matrices")
    if a.shape[-1] != b.shape[-2]:
        raise ValueError("matmul: the inner sizes differ")

    if len(b.shape) == 2:
        rows = a.data.reshape(-1, a.shape[-1])
        y = rows_times_matrix(rows, b.data).reshape(*a.shape[:-1], b.shape[1])

        def backward(g):
            g = g.reshape(-1, b.shape[1])
            da = db = None
            if a.requires_grad:
                da = rows_times_matrix(g, b.data.T).reshape(a.shape)
            if b.requires_grad:
                db = columns_with_columns(rows, g)
            return da, db
    else:
        y = stacked_product(a.data, b.data)

        def backward(g):
            da = unbroadcast(stacked_product(g, flip(b.data)), a.shape)
            db = unbroadcast(stacked_product(flip(a.data), g), b.shape)
            return da, db

    return Tensor(y, False, (a, b), backward)


# ------------------------------------------------------------ sums


def reduce_sum(x, axis=None, keepdims=False):
    x = wrap(x)

    def backward(g):
        if axis is None:
            g = g.reshape([1] * len(x.shape))
        elif not keepdims:
            g = np.expand_dims(g, axis)
        return (g * np.ones(x.shape),)

    return Tensor(x.data.sum(axis=axis, keepdims=keepdims), False, (x,), backward)


def mean(x, axis=None, keepdims=False):
    x = wrap(x)
    axes = range(len(x.shape)) if axis is None else axis
    if isinstance(axes, int):
        axes = [axes]
    count = 1
    for i in axes:
        count *= x.shape[i]
    return mul(reduce_sum(x, axis, keepdims), 1.0 / count)


# ------------------------------------------------------------ shapes


def reshape(x, shape):
    x = wrap(x)

    def backward(g):
        return (g.reshape(x.shape),)

    return Tensor(x.data.reshape(shape), False, (x,), backward)


def transpose(x, axes=None):
    x = wrap(x)
    if axes is None:
        axes = list(range(len(x.shape)))
        axes.reverse()

    def backward(g):
        back = [0] * len(axes)
        for i in range(len(axes)):
            back[axes[i]] = i
        return (g.transpose(back),)

    return Tensor(x.data.transpose(axes), False, (x,), backward)


def getitem(x, index):
    x = wrap(x)

    def backward(g):
        dx = np.zeros(x.shape)
        np.add.at(dx, index, g)
        return (dx,)

    return Tensor(x.data[index], False, (x,), backward)


def concat(tensors, axis=0):
    tensors = [wrap(t) for t in tensors]

    def backward(g):
        parts = []
        begin = 0
        for t in tensors:
            end = begin + t.shape[axis]
            index = [slice(None)] * len(g.shape)
            index[axis] = slice(begin, end)
            parts.append(g[tuple(index)])
            begin = end
        return tuple(parts)

    return Tensor(np.concatenate([t.data for t in tensors], axis=axis), False, tuple(tensors), backward)


def take_rows(W, ids):
    W = wrap(W)
    ids = np.asarray(ids)
    if ids.dtype.kind not in "iu":
        raise TypeError("ids must be integers")
    numbers = ids.ravel().tolist()
    for i in numbers:
        if i < 0 or i >= W.shape[0]:
            raise IndexError(f"there is no row {i}")
    width = W.shape[1]
    y = np.zeros((len(numbers), width))
    for n in range(len(numbers)):
        y[n] = W.data[numbers[n]]

    def backward(g):
        g = g.reshape(len(numbers), width)
        dW = np.zeros(W.shape)
        for n in range(len(numbers)):
            dW[numbers[n]] += g[n]
        return (dW,)

    return Tensor(y.reshape(*ids.shape, width), False, (W,), backward)
