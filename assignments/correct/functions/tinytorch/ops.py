"""All operations as Functions, and below them the plain functions that everybody calls."""

import numpy as np

from .tensor import Function, Tensor, unbroadcast


class Add(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save(a.shape, b.shape)
        return a + b

    @staticmethod
    def backward(ctx, g):
        shape_a, shape_b = ctx.saved
        return unbroadcast(g, shape_a), unbroadcast(g, shape_b)


class Sub(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save(a.shape, b.shape)
        return a - b

    @staticmethod
    def backward(ctx, g):
        shape_a, shape_b = ctx.saved
        return unbroadcast(g, shape_a), unbroadcast(-g, shape_b)


class Mul(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save(a, b)
        return a * b

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved
        return unbroadcast(g * b, a.shape), unbroadcast(g * a, b.shape)


class Div(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save(a, b)
        return a / b

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved
        return unbroadcast(g / b, a.shape), unbroadcast(-g * a / b / b, b.shape)


class Neg(Function):
    @staticmethod
    def forward(ctx, x):
        return -x

    @staticmethod
    def backward(ctx, g):
        return -g


class Power(Function):
    @staticmethod
    def forward(ctx, a, b):
        y = np.power(a, b)
        ctx.save(a, b, y)
        return y

    @staticmethod
    def backward(ctx, g):
        a, b, y = ctx.saved
        grad_a = grad_b = None
        if ctx.needs[0]:
            # b = 0 would be 0 * a**-1, which is not a number at a = 0
            safe_b = np.where(b == 0, 1.0, b)
            grad_a = unbroadcast(g * b * np.power(a, safe_b - 1.0), a.shape)
        if ctx.needs[1]:
            grad_b = unbroadcast(g * y * np.log(np.where(a == 0, 1.0, a)), b.shape)
        return grad_a, grad_b


class Exp(Function):
    @staticmethod
    def forward(ctx, x):
        y = np.exp(x)
        ctx.save(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved
        return g * y


class Log(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save(x)
        return np.log(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved
        return g / x


class Tanh(Function):
    @staticmethod
    def forward(ctx, x):
        y = np.tanh(x)
        ctx.save(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved
        return g * (1 - y) * (1 + y)


class Relu(Function):
    @staticmethod
    def forward(ctx, x):
        positive = x > 0
        ctx.save(positive)
        return np.where(positive, x, 0.0)

    @staticmethod
    def backward(ctx, g):
        (positive,) = ctx.saved
        return g * positive


class Maximum(Function):
    @staticmethod
    def forward(ctx, a, b):
        # 1 where a wins, 0 where b wins, a half where nobody does
        ctx.save((1.0 + (a > b) - (a < b)) / 2, a.shape, b.shape)
        return np.maximum(a, b)

    @staticmethod
    def backward(ctx, g):
        share, shape_a, shape_b = ctx.saved
        return unbroadcast(g * share, shape_a), unbroadcast(g * (1 - share), shape_b)


class Where(Function):
    @staticmethod
    def forward(ctx, a, b, condition):
        ctx.save(condition, a.shape, b.shape)
        return np.where(condition, a, b)

    @staticmethod
    def backward(ctx, g):
        condition, shape_a, shape_b = ctx.saved
        return unbroadcast(g * condition, shape_a), unbroadcast(g * ~condition, shape_b)


class Matmul(Function):
    @staticmethod
    def forward(ctx, a, b):
        if a.ndim < 2 or b.ndim < 2:
            raise ValueError(f"cannot multiply {a.shape} and {b.shape} as matrices")
        ctx.save(a, b)
        return np.einsum("...mk,...kn->...mn", a, b)

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved
        grad_a = np.einsum("...mn,...kn->...mk", g, b)
        grad_b = np.einsum("...mk,...mn->...kn", a, g)
        return unbroadcast(grad_a, a.shape), unbroadcast(grad_b, b.shape)


class Sum(Function):
    @staticmethod
    def forward(ctx, x, axis=None, keepdims=False):
        kept = x.sum(axis=axis, keepdims=True)
        ctx.save(x.shape, kept.shape)
        return kept if keepdims else x.sum(axis=axis)

    @staticmethod
    def backward(ctx, g):
        shape, kept = ctx.saved
        return np.zeros(shape) + g.reshape(kept)


class Mean(Function):
    @staticmethod
    def forward(ctx, x, axis=None, keepdims=False):
        kept = x.mean(axis=axis, keepdims=True)
        ctx.save(x.shape, kept.shape)
        return kept if keepdims else x.mean(axis=axis)

    @staticmethod
    def backward(ctx, g):
        shape, kept = ctx.saved
        together = np.prod(shape) / np.prod(kept)
        return np.zeros(shape) + g.reshape(kept) / together


class Reshape(Function):
    @staticmethod
    def forward(ctx, x, shape):
        ctx.save(x.shape)
        return x.reshape(shape)

    @staticmethod
    def backward(ctx, g):
        (shape,) = ctx.saved
        return g.reshape(shape)


class Transpose(Function):
    @staticmethod
    def forward(ctx, x, axes=None):
        if axes is None:
            axes = tuple(range(x.ndim - 1, -1, -1))
        ctx.save(tuple(axes), x.ndim)
        return x.transpose(axes)

    @staticmethod
    def backward(ctx, g):
        axes, ndim = ctx.saved
        back = [0] * ndim
        for new, old in enumerate(axes):
            back[old] = new
        return g.transpose(back)


class GetItem(Function):
    @staticmethod
    def forward(ctx, x, index):
        ctx.save(x.shape, index)
        return np.array(x[index])

    @staticmethod
    def backward(ctx, g):
        shape, index = ctx.saved
        out = np.zeros(shape)
        np.add.at(out, index, g)
        return out


class Concat(Function):
    @staticmethod
    def forward(ctx, *arrays, axis):
        ctx.save(axis, [a.shape[axis] for a in arrays])
        return np.concatenate(arrays, axis=axis)

    @staticmethod
    def backward(ctx, g):
        axis, widths = ctx.saved
        pieces, start = [], 0
        for width in widths:
            pieces.append(np.take(g, range(start, start + width), axis=axis))
            start += width
        return tuple(pieces)


class TakeRows(Function):
    """An embedding is a one-hot matrix times the table."""

    @staticmethod
    def forward(ctx, table, ids):
        one_hot = np.eye(len(table))[ids]
        ctx.save(one_hot)
        return one_hot @ table

    @staticmethod
    def backward(ctx, g):
        (one_hot,) = ctx.saved
        rows, width = one_hot.shape[-1], g.shape[-1]
        return np.einsum("nv,nc->vc", one_hot.reshape(-1, rows), g.reshape(-1, width))


# ---------------------------------------------------------------- functions


def add(a, b):
    return Add.apply(a, b)


def sub(a, b):
    return Sub.apply(a, b)


def mul(a, b):
    return Mul.apply(a, b)


def div(a, b):
    return Div.apply(a, b)


def neg(x):
    return Neg.apply(x)


def power(a, b):
    return Power.apply(a, b)


def exp(x):
    return Exp.apply(x)


def log(x):
    return Log.apply(x)


def tanh(x):
    return Tanh.apply(x)


def relu(x):
    return Relu.apply(x)


def maximum(a, b):
    return Maximum.apply(a, b)


def where(condition, a, b):
    return Where.apply(a, b, condition=np.asarray(condition, dtype=bool))


def matmul(a, b):
    return Matmul.apply(a, b)


def reduce_sum(x, axis=None, keepdims=False):
    return Sum.apply(x, axis=axis, keepdims=keepdims)


def mean(x, axis=None, keepdims=False):
    return Mean.apply(x, axis=axis, keepdims=keepdims)


def reshape(x, shape):
    return Reshape.apply(x, shape=shape)


def transpose(x, axes=None):
    return Transpose.apply(x, axes=axes)


def getitem(x, index):
    return GetItem.apply(x, index=index)


def concat(tensors, axis=0):
    return Concat.apply(*tensors, axis=axis)


def take_rows(W, ids):
    ids = np.asarray(ids)
    if not np.issubdtype(ids.dtype, np.integer):
        raise TypeError("take_rows needs integer ids")
    rows = W.shape[0]
    if np.any(ids < 0) or np.any(ids >= rows):
        raise IndexError(f"an id is not in 0..{rows - 1}")
    return TakeRows.apply(W, ids=ids)


# ---------------------------------------------------------------- operators of Tensor


def _operators():
    Tensor.__add__ = lambda a, b: add(a, b)
    Tensor.__radd__ = lambda a, b: add(b, a)
    Tensor.__sub__ = lambda a, b: sub(a, b)
    Tensor.__rsub__ = lambda a, b: sub(b, a)
    Tensor.__mul__ = lambda a, b: mul(a, b)
    Tensor.__rmul__ = lambda a, b: mul(b, a)
    Tensor.__truediv__ = lambda a, b: div(a, b)
    Tensor.__rtruediv__ = lambda a, b: div(b, a)
    Tensor.__pow__ = lambda a, b: power(a, b)
    Tensor.__rpow__ = lambda a, b: power(b, a)
    Tensor.__matmul__ = lambda a, b: matmul(a, b)
    Tensor.__rmatmul__ = lambda a, b: matmul(b, a)
    Tensor.__neg__ = lambda a: neg(a)
    Tensor.__getitem__ = lambda a, index: getitem(a, index)
    Tensor.sum = lambda a, axis=None, keepdims=False: reduce_sum(a, axis, keepdims)
    Tensor.mean = lambda a, axis=None, keepdims=False: mean(a, axis, keepdims)
    Tensor.reshape = lambda a, *shape: reshape(a, *shape) if len(shape) == 1 else reshape(a, shape)
    Tensor.transpose = lambda a, *axes: transpose(a, *axes) if len(axes) < 2 else transpose(a, axes)


_operators()
