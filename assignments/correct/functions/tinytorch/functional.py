"""Functions for layers and losses, each with its own backward."""

from __future__ import annotations

import numpy as np

from .tensor import Function

A, B = np.sqrt(2.0 / np.pi), 0.044715


# ---- rules


def softmax_vjp(g, y):
    return y * (g - np.einsum("...i,...i->...", g, y)[..., None])


def cross_entropy_vjp(g, logits, targets, ignore_index=None):
    vocabulary = logits.shape[-1]
    targets = np.asarray(targets)
    used = np.ones(targets.shape, bool) if ignore_index is None else targets != ignore_index
    one_hot = np.eye(vocabulary)[np.where(used, targets, 0)]
    return (np.exp(_log_softmax(logits, -1)) - one_hot) * used[..., None] * (g / used.sum())


def layer_norm_vjp(g, x, weight, eps=1e-5):
    x_hat, std = _standardise(x, eps)
    n = x.shape[-1]
    d_hat = g * weight
    dx = n * d_hat - d_hat.sum(-1, keepdims=True) - x_hat * (d_hat * x_hat).sum(-1, keepdims=True)
    return dx / (n * std), (g * x_hat).reshape(-1, n).sum(axis=0), g.reshape(-1, n).sum(axis=0)


def _log_softmax(x, axis):
    x = x - np.max(x, axis=axis, keepdims=True)
    return x - np.log(np.sum(np.exp(x), axis=axis, keepdims=True))


def _standardise(x, eps):
    std = np.sqrt(np.var(x, axis=-1, keepdims=True) + eps)
    return (x - np.mean(x, axis=-1, keepdims=True)) / std, std


# ---- Functions


class Softmax(Function):
    @staticmethod
    def forward(ctx, x, axis):
        y = np.exp(_log_softmax(x, axis))
        ctx.save(y, axis)
        return y

    @staticmethod
    def backward(ctx, g):
        y, axis = ctx.saved
        moved = softmax_vjp(np.moveaxis(g, axis, -1), np.moveaxis(y, axis, -1))
        return np.moveaxis(moved, -1, axis)


class LogSoftmax(Function):
    @staticmethod
    def forward(ctx, x, axis):
        y = _log_softmax(x, axis)
        ctx.save(y, axis)
        return y

    @staticmethod
    def backward(ctx, g):
        y, axis = ctx.saved
        return g - np.exp(y) * np.sum(g, axis=axis, keepdims=True)


class Gelu(Function):
    @staticmethod
    def forward(ctx, x):
        t = np.tanh(A * (x + B * x * x * x))
        ctx.save(x, t)
        return 0.5 * x * (1 + t)

    @staticmethod
    def backward(ctx, g):
        x, t = ctx.saved
        dt = (1 - t * t) * A * (1 + 3 * B * x * x)
        return g * (0.5 * (1 + t) + 0.5 * x * dt)


class CrossEntropy(Function):
    @staticmethod
    def forward(ctx, logits, targets, ignore_index):
        ctx.save(logits, targets, ignore_index)
        used = np.ones(targets.shape, bool) if ignore_index is None else targets != ignore_index
        if not used.any():
            raise ValueError("all targets are ignored")
        safe = np.where(used, targets, 0)[..., None]
        surprise = -np.take_along_axis(_log_softmax(logits, -1), safe, axis=-1)[..., 0]
        return np.where(used, surprise, 0.0).sum() / used.sum()

    @staticmethod
    def backward(ctx, g):
        return cross_entropy_vjp(g, *ctx.saved)


class LayerNormFunction(Function):
    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        ctx.save(x, weight, eps)
        return _standardise(x, eps)[0] * weight + bias

    @staticmethod
    def backward(ctx, g):
        x, weight, eps = ctx.saved
        return layer_norm_vjp(g, x, weight, eps)


# ---- what everybody calls


def softmax(x, axis=-1):
    return Softmax.apply(x, axis=axis)


def log_softmax(x, axis=-1):
    return LogSoftmax.apply(x, axis=axis)


def gelu(x):
    return Gelu.apply(x)


def cross_entropy(logits, targets, ignore_index=None):
    return CrossEntropy.apply(logits, targets=np.asarray(targets), ignore_index=ignore_index)


def layer_norm(x, weight, bias, eps=1e-5):
    return LayerNormFunction.apply(x, weight, bias, eps=eps)
