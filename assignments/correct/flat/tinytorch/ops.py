"""Operations: for every op the rule (how g goes back) stands above the op itself."""

from functools import partial

import numpy as np

from tinytorch._utils import shrink
from tinytorch.tensor import Tensor


def tensor(x):
    return x if isinstance(x, Tensor) else Tensor(x)


def node(data, parents, rule, *saved):
    return Tensor(data, _parents=parents, _backward=partial(rule, *saved))


# --- elementwise, two operands


def _add_rule(shape_a, shape_b, g):
    return shrink(g, shape_a), shrink(g, shape_b)


def add(a, b):
    a, b = tensor(a), tensor(b)
    return node(a.data + b.data, (a, b), _add_rule, a.shape, b.shape)


def _sub_rule(shape_a, shape_b, g):
    return shrink(g, shape_a), np.negative(shrink(g, shape_b))


def sub(a, b):
    a, b = tensor(a), tensor(b)
    return node(a.data - b.data, (a, b), _sub_rule, a.shape, b.shape)


def _mul_rule(a, b, g):
    return shrink(g * b, a.shape), shrink(g * a, b.shape)


def mul(a, b):
    a, b = tensor(a), tensor(b)
    return node(a.data * b.data, (a, b), _mul_rule, a.data, b.data)


def _div_rule(a, b, g):
    return shrink(g / b, a.shape), shrink(-(g / b) * (a / b), b.shape)


def div(a, b):
    a, b = tensor(a), tensor(b)
    return node(a.data / b.data, (a, b), _div_rule, a.data, b.data)


def _power_rule(a, b, y, b_wanted, g):
    slope = np.zeros(y.shape)
    a_full, b_full = np.broadcast_to(a, y.shape), np.broadcast_to(b, y.shape)
    moving = b_full != 0
    slope[moving] = b_full[moving] * a_full[moving] ** (b_full[moving] - 1)
    db = None
    if b_wanted:
        logs = np.log(a_full, out=np.zeros(y.shape), where=a_full != 0)
        db = shrink(g * y * logs, b.shape)
    return shrink(g * slope, a.shape), db


def power(a, b):
    a, b = tensor(a), tensor(b)
    y = np.asarray(a.data**b.data)
    return node(y, (a, b), _power_rule, a.data, b.data, y, b.requires_grad)


def _maximum_rule(a, b, g):
    to_a = np.where(a == b, 0.5, a > b)
    return shrink(g * to_a, a.shape), shrink(g * (1 - to_a), b.shape)


def maximum(a, b):
    a, b = tensor(a), tensor(b)
    return node(np.maximum(a.data, b.data), (a, b), _maximum_rule, a.data, b.data)


def _where_rule(condition, shape_a, shape_b, g):
    yes = np.where(condition, g, 0)
    return shrink(yes, shape_a), shrink(g - yes, shape_b)


def where(condition, a, b):
    a, b, condition = tensor(a), tensor(b), np.array(condition, dtype=bool)
    return node(np.where(condition, a.data, b.data), (a, b), _where_rule, condition, a.shape, b.shape)


# --- elementwise, one operand


def _times_rule(slope, g):
    return (g * slope,)


def neg(x):
    x = tensor(x)
    return node(-x.data, (x,), _times_rule, -1.0)


def exp(x):
    x = tensor(x)
    y = np.exp(x.data)
    return node(y, (x,), _times_rule, y)


def _log_rule(x, g):
    return (g / x,)


def log(x):
    x = tensor(x)
    return node(np.log(x.data), (x,), _log_rule, x.data)


def _tanh_rule(y, g):
    return (g - g * y * y,)


def tanh(x):
    x = tensor(x)
    y = np.tanh(x.data)
    return node(y, (x,), _tanh_rule, y)


def relu(x):
    x = tensor(x)
    return node(np.clip(x.data, 0, None), (x,), _times_rule, np.heaviside(x.data, 0.0))


# --- products and sums


def _matmul_rule(a, b, g):
    da = shrink(np.matmul(g, np.swapaxes(b, -1, -2)), a.shape)
    db = shrink(np.matmul(np.swapaxes(a, -1, -2), g), b.shape)
    return da, db


def matmul(a, b):
    a, b = tensor(a), tensor(b)
    if a.data.ndim < 2 or b.data.ndim < 2:
        raise ValueError("matmul is for two or more axes")
    return node(np.matmul(a.data, b.data), (a, b), _matmul_rule, a.data, b.data)


def _stretch_rule(shape, kept, factor, g):
    return (np.broadcast_to(g.reshape(kept) * factor, shape),)


def _kept_shape(shape, axis):
    """The shape after a reduction with keepdims."""
    if axis is None:
        return (1,) * len(shape)
    axes = axis if isinstance(axis, tuple) else (axis,)
    gone = {a % len(shape) for a in axes}
    return tuple(1 if i in gone else n for i, n in enumerate(shape))


def reduce_sum(x, axis=None, keepdims=False):
    x = tensor(x)
    y = np.add.reduce(x.data, axis=axis, keepdims=keepdims)
    return node(y, (x,), _stretch_rule, x.shape, _kept_shape(x.shape, axis), 1.0)


def mean(x, axis=None, keepdims=False):
    x = tensor(x)
    y = np.mean(x.data, axis=axis, keepdims=keepdims)
    return node(y, (x,), _stretch_rule, x.shape, _kept_shape(x.shape, axis), np.size(y) / x.data.size)


# --- shapes


def _reshape_rule(shape, g):
    return (g.reshape(shape),)


def reshape(x, shape):
    x = tensor(x)
    return node(x.data.reshape(shape), (x,), _reshape_rule, x.shape)


def _transpose_rule(inverse, g):
    return (np.transpose(g, inverse),)


def transpose(x, axes=None):
    x = tensor(x)
    ndim = x.data.ndim
    axes = np.arange(ndim)[::-1] if axes is None else np.asarray(axes, dtype=int) % ndim
    inverse = np.empty(ndim, dtype=int)
    inverse[axes] = np.arange(ndim)
    return node(np.transpose(x.data, axes), (x,), _transpose_rule, inverse)


def _getitem_rule(shape, index, g):
    # number all entries, look which numbers were picked, count them with weights
    size = int(np.prod(shape))
    picked = np.arange(size).reshape(shape)[index]
    return (np.bincount(np.ravel(picked), weights=np.ravel(g), minlength=size).reshape(shape),)


def getitem(x, index):
    x = tensor(x)
    return node(np.copy(x.data[index]), (x,), _getitem_rule, x.shape, index)


def _concat_rule(axis, starts, g):
    return tuple(np.split(g, starts, axis=axis))


def concat(tensors, axis=0):
    tensors = tuple(tensor(t) for t in tensors)
    starts = np.cumsum([t.shape[axis] for t in tensors[:-1]], dtype=int)
    return node(np.concatenate([t.data for t in tensors], axis=axis), tensors, _concat_rule, axis, starts)


def scatter_rows(rows, ids, g):
    """(rows, C): row i is the sum of g wherever ids == i."""
    out = np.zeros((rows, g.shape[-1]))
    np.add.at(out, ids.ravel(), g.reshape(-1, g.shape[-1]))
    return out


def _take_rows_rule(rows, ids, g):
    return (scatter_rows(rows, ids, g),)


def take_rows(W, ids):
    W, ids = tensor(W), check_ids(ids, W.shape[0])
    return node(W.data[ids], (W,), _take_rows_rule, W.shape[0], ids)


def check_ids(ids, rows):
    ids = np.asarray(ids)
    if ids.dtype.kind not in "iu":
        raise TypeError(f"ids of type {ids.dtype}")
    if ids.size and (ids.min() < 0 or ids.max() > rows - 1):
        raise IndexError(f"ids from {ids.min()} to {ids.max()} for {rows} rows")
    return ids
