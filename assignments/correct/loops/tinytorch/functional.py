import math

import numpy as np

from .ops import wrap
from .tensor import Tensor

K = math.sqrt(2 / math.pi)


def rows_and_back(x, axis):
    """x as rows along axis, and a function that undoes this"""
    moved = np.moveaxis(x, axis, -1)

    def back(rows):
        return np.moveaxis(rows.reshape(moved.shape), -1, axis)

    return moved.reshape(-1, moved.shape[-1]), back


def softmax_vjp(g, y):
    shape = y.shape
    g = g.reshape(-1, shape[-1])
    y = y.reshape(-1, shape[-1])
    dx = np.zeros(y.shape)
    for r in range(len(y)):
        dot = g[r].dot(y[r])
        dx[r] = y[r] * (g[r] - dot)
    return dx.reshape(shape)


def softmax_rows(rows):
    out = np.zeros(rows.shape)
    for r in range(len(rows)):
        e = np.exp(rows[r] - rows[r].max())
        out[r] = e / e.sum()
    return out


def log_softmax_rows(rows):
    out = np.zeros(rows.shape)
    for r in range(len(rows)):
        shifted = rows[r] - rows[r].max()
        out[r] = shifted - math.log(np.exp(shifted).sum())
    return out


def softmax(x, axis=-1):
    x = wrap(x)
    rows, back = rows_and_back(x.data, axis)
    y = softmax_rows(rows)

    def backward(g):
        return (back(softmax_vjp(rows_and_back(g, axis)[0], y)),)

    return Tensor(back(y), False, (x,), backward)


def log_softmax(x, axis=-1):
    x = wrap(x)
    rows, back = rows_and_back(x.data, axis)
    y = log_softmax_rows(rows)

    def backward(g):
        g = rows_and_back(g, axis)[0]
        dx = np.zeros(y.shape)
        for r in range(len(y)):
            dx[r] = g[r] - np.exp(y[r]) * g[r].sum()
        return (back(dx),)

    return Tensor(back(y), False, (x,), backward)


def cross_entropy_vjp(g, logits, targets, ignore_index=None):
    rows = np.asarray(logits, dtype=np.float64).reshape(-1, logits.shape[-1])
    numbers = np.asarray(targets).ravel().tolist()
    count = 0
    for t in numbers:
        if t != ignore_index:
            count += 1
    d = softmax_rows(rows)
    for r in range(len(numbers)):
        if numbers[r] == ignore_index:
            d[r] = 0.0
        else:
            d[r, numbers[r]] -= 1.0
            d[r] *= g / count
    return d.reshape(logits.shape)


def cross_entropy(logits, targets, ignore_index=None):
    logits = wrap(logits)
    log_p = log_softmax_rows(logits.data.reshape(-1, logits.shape[-1]))
    numbers = np.asarray(targets).ravel().tolist()
    total = 0.0
    count = 0
    for r in range(len(numbers)):
        if numbers[r] != ignore_index:
            total -= float(log_p[r, numbers[r]])
            count += 1
    if count == 0:
        raise ValueError("every target is ignored")

    def backward(g):
        return (cross_entropy_vjp(float(g), logits.data, targets, ignore_index),)

    return Tensor(total / count, False, (logits,), backward)


def layer_norm_rows(rows, eps):
    hat = np.zeros(rows.shape)
    stds = []
    for r in range(len(rows)):
        centred = rows[r] - rows[r].sum() / rows.shape[1]
        std = math.sqrt(centred.dot(centred) / rows.shape[1] + eps)
        hat[r] = centred / std
        stds.append(std)
    return hat, stds


def layer_norm_vjp(g, x, weight, eps=1e-5):
    width = x.shape[-1]
    hat, stds = layer_norm_rows(x.reshape(-1, width), eps)
    g_rows = g.reshape(-1, width)
    dx = np.zeros(hat.shape)
    dweight = np.zeros(width)
    dbias = np.zeros(width)
    for r in range(len(hat)):
        dhat = g_rows[r] * weight
        dx[r] = (dhat - dhat.sum() / width - hat[r] * (dhat.dot(hat[r]) / width)) / stds[r]
        dweight += g_rows[r] * hat[r]
        dbias += g_rows[r]
    return dx.reshape(x.shape), dweight, dbias


def layer_norm(x, weight, bias, eps=1e-5):
    x = wrap(x)
    weight = wrap(weight)
    bias = wrap(bias)
    hat, _ = layer_norm_rows(x.data.reshape(-1, x.shape[-1]), eps)
    y = hat * weight.data + bias.data

    def backward(g):
        return layer_norm_vjp(g, x.data, weight.data, eps)

    return Tensor(y.reshape(x.shape), False, (x, weight, bias), backward)


def gelu(x):
    x = wrap(x)
    numbers = x.data.ravel().tolist()
    gates = []
    values = []
    for a in numbers:
        gate = math.tanh(K * (a + 0.044715 * a * a * a))
        gates.append(gate)
        values.append(0.5 * a * (1 + gate))

    def backward(g):
        out = []
        for gi, a, gate in zip(g.ravel().tolist(), numbers, gates, strict=True):
            slope = 0.5 * (1 + gate) + 0.5 * a * (1 - gate * gate) * K * (1 + 3 * 0.044715 * a * a)
            out.append(gi * slope)
        return (np.array(out).reshape(x.shape),)

    return Tensor(np.array(values).reshape(x.shape), False, (x,), backward)
