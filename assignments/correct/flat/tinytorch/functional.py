"""Everything here is one node with a backward that I derived on paper."""

import numpy as np

from tinytorch._utils import GELU_CUBIC, GELU_SCALE, log_sum_exp, rows_of
from tinytorch.ops import node, tensor


def softmax_vjp(g, y):
    gy = g * y
    return gy - y * gy.sum(axis=-1, keepdims=True)


def cross_entropy_vjp(g, logits, targets, ignore_index=None):
    logits = np.asarray(logits, dtype="float64")
    rows, flat = rows_of(logits), np.asarray(targets).ravel()
    counted = np.flatnonzero(_counted(flat, ignore_index))
    d = np.zeros(rows.shape)
    d[counted] = np.exp(rows[counted] - log_sum_exp(rows[counted]))
    d[counted, flat[counted]] -= 1.0
    return (d * (g / len(counted))).reshape(logits.shape)


def layer_norm_vjp(g, x, weight, eps=1e-5):
    g_rows, x_rows = rows_of(g), rows_of(x)
    centred = x_rows - x_rows.mean(axis=1, keepdims=True)
    variance = np.square(centred).mean(axis=1, keepdims=True) + eps
    dx, dw, db = _layer_norm_rule(centred / np.sqrt(variance), np.sqrt(variance), weight, x.shape, g_rows)
    return dx, dw, db


def _counted(targets, ignore_index):
    return np.full(targets.shape, True) if ignore_index is None else targets != ignore_index


# --- softmax family


def _softmax_rule(y, axis, g):
    gy = g * y
    return (gy - y * gy.sum(axis=axis, keepdims=True),)


def softmax(x, axis=-1):
    x = tensor(x)
    y = np.exp(x.data - log_sum_exp(x.data, axis))
    return node(y, (x,), _softmax_rule, y, axis)


def _log_softmax_rule(y, axis, g):
    return (g - np.exp(y) * g.sum(axis=axis, keepdims=True),)


def log_softmax(x, axis=-1):
    x = tensor(x)
    # not x - log_sum_exp(x): for logits of 1000 the small part of the sum would get lost
    shifted = x.data - x.data.max(axis=axis, keepdims=True)
    y = shifted - log_sum_exp(shifted, axis)
    return node(y, (x,), _log_softmax_rule, y, axis)


def _cross_entropy_rule(logits, targets, ignore_index, g):
    return (cross_entropy_vjp(g, logits, targets, ignore_index),)


def cross_entropy(logits, targets, ignore_index=None):
    logits, targets = tensor(logits), np.asarray(targets)
    flat = targets.ravel()
    counted = np.flatnonzero(_counted(flat, ignore_index))
    if not counted.size:
        raise ValueError("cross_entropy of nothing")
    rows = rows_of(logits.data)[counted]
    rows = rows - rows.max(axis=1, keepdims=True)
    losses = log_sum_exp(rows)[:, 0] - rows[np.arange(len(rows)), flat[counted]]
    return node(losses.mean(), (logits,), _cross_entropy_rule, logits.data, targets, ignore_index)


# --- layers


def _gelu_rule(x, gate, g):
    inner_slope = GELU_SCALE + (3 * GELU_SCALE * GELU_CUBIC) * np.square(x)
    return (g * (0.5 + 0.5 * gate + 0.5 * x * (1 - np.square(gate)) * inner_slope),)


def gelu(x):
    x = tensor(x)
    gate = np.tanh(GELU_SCALE * x.data * (1 + GELU_CUBIC * np.square(x.data)))
    return node(0.5 * x.data * (1 + gate), (x,), _gelu_rule, x.data, gate)


def _layer_norm_rule(normal, std, weight, shape, g):
    g = g.reshape(normal.shape)
    dn = g * weight
    dx = dn - dn.mean(axis=1, keepdims=True) - normal * np.mean(dn * normal, axis=1, keepdims=True)
    return (dx / std).reshape(shape), np.einsum("nc,nc->c", g, normal), g.sum(axis=0)


def layer_norm(x, weight, bias, eps=1e-5):
    x, weight, bias = tensor(x), tensor(weight), tensor(bias)
    rows = rows_of(x.data)
    centred = rows - rows.mean(axis=1, keepdims=True)
    std = np.sqrt(np.square(centred).mean(axis=1, keepdims=True) + eps)
    normal = centred / std
    y = normal * weight.data + bias.data
    return node(y.reshape(x.shape), (x, weight, bias), _layer_norm_rule, normal, std, weight.data, x.shape)


def _linear_rule(rows, weight, shape, with_bias, g):
    g = g.reshape(-1, len(weight))
    grads = ((g @ weight).reshape(shape), g.T @ rows)
    return (*grads, g.sum(axis=0)) if with_bias else grads


def linear(x, weight, bias=None):
    x, weight = tensor(x), tensor(weight)
    rows = rows_of(x.data)
    y = rows @ weight.data.T
    if bias is not None:
        y += bias.data
    parents = (x, weight) if bias is None else (x, weight, bias)
    y = y.reshape(*x.shape[:-1], y.shape[1])
    return node(y, parents, _linear_rule, rows, weight.data, x.shape, bias is not None)
