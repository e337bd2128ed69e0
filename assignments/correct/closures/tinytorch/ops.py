"""Primitive ops. Recipe: compute, write the closure, hang it on out."""

import numpy as np

from .tensor import Tensor, unbroadcast


def T(x):
    return x if isinstance(x, Tensor) else Tensor(x)


def add(a, b):
    a, b = T(a), T(b)
    out = Tensor(a.data + b.data, _parents=(a, b))
    out._backward = lambda g: tuple(unbroadcast(g, t.shape) for t in (a, b))
    return out


def neg(x):
    x = T(x)
    out = Tensor(-x.data, _parents=(x,))
    out._backward = lambda g: (-g,)
    return out


def sub(a, b):
    return add(a, neg(b))


def mul(a, b):
    a, b = T(a), T(b)
    out = Tensor(a.data * b.data, _parents=(a, b))
    out._backward = lambda g: (unbroadcast(g * b.data, a.shape), unbroadcast(g * a.data, b.shape))
    return out


def div(a, b):
    a, b = T(a), T(b)
    out = Tensor(a.data / b.data, _parents=(a, b))

    def _backward(g):
        return unbroadcast(g / b.data, a.shape), unbroadcast(-g * a.data / (b.data * b.data), b.shape)

    out._backward = _backward
    return out


def power(a, b):
    a, b = T(a), T(b)
    y = a.data**b.data
    out = Tensor(y, _parents=(a, b))

    def _backward(g):
        da = db = None
        if a.requires_grad:
            lowered = a.data ** np.where(b.data == 0, 0.0, b.data - 1)  # x**0 has slope 0 also at x = 0
            da = unbroadcast(g * b.data * lowered, a.shape)
        if b.requires_grad:
            log_a = np.log(np.where(a.data == 0, 1.0, a.data))
            db = unbroadcast(g * y * log_a, b.shape)
        return da, db

    out._backward = _backward
    return out


def exp(x):
    x = T(x)
    y = np.exp(x.data)
    out = Tensor(y, _parents=(x,))
    out._backward = lambda g: (g * y,)
    return out


def log(x):
    x = T(x)
    out = Tensor(np.log(x.data), _parents=(x,))
    out._backward = lambda g: (g / x.data,)
    return out


def tanh(x):
    x = T(x)
    y = np.tanh(x.data)
    out = Tensor(y, _parents=(x,))
    out._backward = lambda g: (g * (1 - y**2),)
    return out


def relu(x):
    x = T(x)
    on = x.data > 0
    out = Tensor(np.where(on, x.data, 0.0), _parents=(x,))
    out._backward = lambda g: (g * on,)
    return out


def maximum(a, b):
    a, b = T(a), T(b)
    out = Tensor(np.maximum(a.data, b.data), _parents=(a, b))

    def _backward(g):
        tie = 0.5 * (a.data == b.data)
        wins = [(a.data > b.data) + tie, (b.data > a.data) + tie]
        return tuple(unbroadcast(g * w, t.shape) for w, t in zip(wins, (a, b), strict=True))

    out._backward = _backward
    return out


def where(condition, a, b):
    a, b = T(a), T(b)
    c = np.asarray(condition).astype(bool)
    out = Tensor(np.where(c, a.data, b.data), _parents=(a, b))
    out._backward = lambda g: (unbroadcast(np.where(c, g, 0.0), a.shape), unbroadcast(np.where(c, 0.0, g), b.shape))
    return out


def matmul(a, b):
    a, b = T(a), T(b)
    if min(a.ndim, b.ndim) < 2:
        raise ValueError("matmul wants matrices (or stacks of matrices)")
    out = Tensor(a.data @ b.data, _parents=(a, b))

    def _backward(g):
        flip = [np.swapaxes(t.data, -1, -2) for t in (a, b)]
        return unbroadcast(g @ flip[1], a.shape), unbroadcast(flip[0] @ g, b.shape)

    out._backward = _backward
    return out


def reduce_sum(x, axis=None, keepdims=False):
    x = T(x)
    out = Tensor(np.sum(x.data, axis=axis, keepdims=keepdims), _parents=(x,))
    with_ones = np.sum(x.data, axis=axis, keepdims=True).shape
    out._backward = lambda g: (np.broadcast_to(np.reshape(g, with_ones), x.shape),)
    return out


def mean(x, axis=None, keepdims=False):
    x = T(x)
    total = reduce_sum(x, axis, keepdims)
    return div(total, x.data.size / total.data.size)


def reshape(x, shape):
    x = T(x)
    out = Tensor(np.reshape(x.data, shape), _parents=(x,))
    out._backward = lambda g: (np.reshape(g, x.shape),)
    return out


def transpose(x, axes=None):
    x = T(x)
    axes = list(range(x.ndim))[::-1] if axes is None else [i % x.ndim for i in axes]
    out = Tensor(np.transpose(x.data, axes), _parents=(x,))
    out._backward = lambda g: (np.transpose(g, np.argsort(axes)),)
    return out


def getitem(x, index):
    x = T(x)
    out = Tensor(x.data[index], _parents=(x,))

    def _backward(g):
        dx = np.zeros(x.shape)
        np.add.at(dx, index, g)
        return (dx,)

    out._backward = _backward
    return out


def concat(tensors, axis=0):
    tensors = [T(t) for t in tensors]
    out = Tensor(np.concatenate([t.data for t in tensors], axis), _parents=tuple(tensors))

    def _backward(g):
        cuts = np.cumsum([t.shape[axis] for t in tensors])[:-1]
        return tuple(np.split(g, cuts, axis))

    out._backward = _backward
    return out


def take_rows(W, ids):
    W, ids = T(W), np.asarray(ids)
    if ids.dtype.kind not in "iu":
        raise TypeError("ids are whole numbers")
    if ids.size and (ids.min() < 0 or ids.max() >= len(W)):
        raise IndexError(f"there are rows 0 to {len(W) - 1}")
    return getitem(W, ids)
