"""Rules on arrays first, then the functions. The functions are only compositions, the tape does the rest."""

import math

import numpy as np

from . import ops
from .ops import T


def softmax_vjp(g, y):
    return y * g - y * (y * g).sum(axis=-1, keepdims=True)


def cross_entropy_vjp(g, logits, targets, ignore_index=None):
    logits, targets = np.asarray(logits, dtype=np.float64), np.asarray(targets)
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    counts = np.ones(targets.shape) if ignore_index is None else (targets != ignore_index).astype(np.float64)
    onehot = np.arange(logits.shape[-1]) == targets[..., None]
    return g * (p - onehot) * counts[..., None] / counts.sum()


def layer_norm_vjp(g, x, weight, eps=1e-5):
    mu = x.mean(axis=-1, keepdims=True)
    sigma = np.sqrt(((x - mu) ** 2).mean(axis=-1, keepdims=True) + eps)
    xhat = (x - mu) / sigma
    dxhat = g * weight
    m1 = dxhat.mean(axis=-1, keepdims=True)
    m2 = (dxhat * xhat).mean(axis=-1, keepdims=True)
    lead = tuple(range(x.ndim - 1))
    return (dxhat - m1 - xhat * m2) / sigma, (g * xhat).sum(axis=lead), g.sum(axis=lead)


def _shift(x, axis):
    # the maximum is a constant: softmax does not care what we subtract
    return ops.sub(x, x.data.max(axis=axis, keepdims=True))


def softmax(x, axis=-1):
    e = ops.exp(_shift(T(x), axis))
    return ops.div(e, ops.reduce_sum(e, axis, keepdims=True))


def log_softmax(x, axis=-1):
    z = _shift(T(x), axis)
    return ops.sub(z, ops.log(ops.reduce_sum(ops.exp(z), axis, keepdims=True)))


def gelu(x):
    x = T(x)
    cube = ops.mul(ops.mul(x, x), x)
    inner = ops.mul(math.sqrt(2 / math.pi), ops.add(x, ops.mul(0.044715, cube)))
    return ops.mul(ops.mul(0.5, x), ops.add(1.0, ops.tanh(inner)))


def cross_entropy(logits, targets, ignore_index=None):
    logits = T(logits)
    flat = np.asarray(targets).reshape(-1)
    keep = np.array([i for i, t in enumerate(flat) if ignore_index is None or t != ignore_index], dtype=int)
    if len(keep) == 0:
        raise ValueError("no target left")
    logp = log_softmax(ops.reshape(logits, (-1, logits.shape[-1])))
    return ops.neg(ops.mean(ops.getitem(logp, (keep, flat[keep]))))


def layer_norm(x, weight, bias, eps=1e-5):
    x = T(x)
    centred = ops.sub(x, ops.mean(x, -1, keepdims=True))
    variance = ops.mean(ops.mul(centred, centred), -1, keepdims=True)
    unit = ops.mul(centred, ops.power(ops.add(variance, eps), -0.5))
    return ops.add(ops.mul(unit, weight), bias)
