"""Speed: the numbers of assignment 3 from fewer and larger steps, and how to find out where the time goes.

The tape made each formula easy to write: one node, one rule. For a model that no longer changes, its nodes and its
arrays in between are what costs most. Here forward and backward of the whole model are written by hand, on arrays.
Letters in shape comments: B batch, T time, N = B * T rows, C width, H heads, D = C / H, V vocabulary.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from typing import Any

import numpy as np

from .nn import Module
from .optim import Optimizer
from .transformer import causal_mask


@contextmanager
def inference_mode(model: Module) -> Iterator[None]:
    """Inside `with inference_mode(model):` results of the model keep no graph, and need no gradient.

    Afterwards every parameter asks for a gradient exactly if it did before, also when an error ended the block.
    """
    # BEGIN SOLUTION A6.6: switch the parameters off, and back to what they were
    parameters = model.parameters()
    before = [p.requires_grad for p in parameters]
    for p in parameters:
        p.requires_grad = False
    try:
        yield
    finally:
        for p, required in zip(parameters, before, strict=True):
            p.requires_grad = required
    # END SOLUTION


def fused_qkv(x: np.ndarray, attention: Any) -> np.ndarray:
    """What `attention.q`, `attention.k` and `attention.v` make of x, side by side, by one product.

    x (..., C) -> (..., 3C): queries, then keys, then values.
    """
    # BEGIN SOLUTION A6.7: one product with the three weights on top of each other
    weight, bias = _stacked(attention)
    return x @ weight.T + bias
    # END SOLUTION


def fused_qkv_vjp(g: np.ndarray, x: np.ndarray, attention: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """From the gradient `g` of fused_qkv(x, attention) to those of x, of the three weights and of the three biases.

    g (..., 3C), x (..., C) -> dx (..., C), dweight (3C, C), dbias (3C,), in the order q, k, v.
    """
    # BEGIN SOLUTION A6.7: the rules of the affine map
    weight, _ = _stacked(attention)
    rows = g.reshape(-1, g.shape[-1])
    return g @ weight, rows.T @ x.reshape(-1, x.shape[-1]), rows.sum(axis=0)
    # END SOLUTION


# BEGIN SOLUTION A6.7: the three layers as one
def _stacked(attention: Any) -> tuple[np.ndarray, np.ndarray]:
    layers = (attention.q, attention.k, attention.v)
    weight = np.concatenate([layer.weight.data for layer in layers])
    return weight, np.concatenate([layer.bias.data for layer in layers])


# END SOLUTION


def fused_cross_entropy(logits: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean cross-entropy of logits (..., V) at int targets (...), and its gradient (..., V), from one softmax.

    The gradient has the dtype of the logits, which are not changed; logits of any finite size are allowed.

    Example: logits [[0, 0]], targets [1] give log 2 and [[0.5, -0.5]].
    """
    # BEGIN SOLUTION A6.8: the probabilities serve both
    rows, picked = logits.reshape(-1, logits.shape[-1]), targets.reshape(-1)
    shifted = rows - rows.max(axis=1, keepdims=True)
    p = np.exp(shifted)
    sums = p.sum(axis=1, keepdims=True)
    each = np.arange(len(rows)), picked
    loss = float((np.log(sums[:, 0]) - shifted[each]).mean())
    p /= sums
    p[each] -= 1.0
    p /= len(rows)
    return loss, p.reshape(logits.shape)
    # END SOLUTION


def loss_and_gradients(model: Module, x: np.ndarray, y: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
    """The loss of train.train_step on x, y (both int (B,T)), and its gradient for every parameter, by name.

    Gradients have the dtype of the parameters: a float32 model never computes in float64. By the tape or by hand, as
    you like; `train_step` should be fast.
    """
    # BEGIN SOLUTION A6.9: forward through the blocks, and back
    batch, steps = x.shape
    ids, gradients = x.reshape(-1), {}
    h = (model.tok_emb.weight.data[x] + model.pos_emb.weight.data[:steps]).reshape(ids.size, -1)  # (N,C)
    blocks = list(_named_blocks(model))
    saved = []
    for _, block in blocks:
        h, kept = _block(h, block, batch)
        saved.append(kept)
    last, kept_norm = _norm(h, model.ln_f)
    loss, g = fused_cross_entropy(last @ model.head.weight.data.T, y.reshape(-1))
    gradients["head.weight"] = g.T @ last
    g = _norm_vjp(g @ model.head.weight.data, kept_norm, model.ln_f, "ln_f", gradients)
    for (name, block), kept in zip(reversed(blocks), reversed(saved), strict=True):
        g = _block_vjp(g, kept, block, name, gradients)
    _embedding_vjp(g, ids, model, steps, gradients)
    return loss, gradients
    # END SOLUTION


# BEGIN SOLUTION A6.9: a block and its parts, each with its backward
def _named_blocks(model: Any) -> Iterable[tuple[str, Any]]:
    pairs = model.blocks.items() if isinstance(model.blocks, dict) else enumerate(model.blocks)
    return ((f"blocks.{key}", block) for key, block in pairs)


def _block(x: np.ndarray, block: Any, batch: int) -> tuple[np.ndarray, tuple[Any, ...]]:
    """x (N,C) -> (N,C), and what its backward needs."""
    before, norm1 = _norm(x, block.ln1)
    q, k, v = _split(fused_qkv(before, block.attn), batch, block.attn.heads)
    p = _weights(q, k)
    read = _merge((p @ v)[None])
    x = x + _linear(read, block.attn.o)
    inner, norm2 = _norm(x, block.ln2)
    active, slope = _gelu(_linear(inner, block.mlp.fc1))
    x += _linear(active, block.mlp.fc2)
    return x, (norm1, before, q, k, v, p, read, norm2, inner, active, slope)


def _block_vjp(
    g: np.ndarray, kept: tuple[Any, ...], block: Any, name: str, into: dict[str, np.ndarray]
) -> np.ndarray:
    norm1, before, q, k, v, p, read, norm2, inner, active, slope = kept
    g_active = _linear_vjp(g, active, block.mlp.fc2, f"{name}.mlp.fc2", into)
    g_active *= slope
    g_inner = _linear_vjp(g_active, inner, block.mlp.fc1, f"{name}.mlp.fc1", into)
    g = g + _norm_vjp(g_inner, norm2, block.ln2, f"{name}.ln2", into)
    g_read = _linear_vjp(g, read, block.attn.o, f"{name}.attn.o", into)
    g_read = _split(g_read, len(q), block.attn.heads, parts=1)[0]
    g_p = g_read @ v.swapaxes(-1, -2)
    g_p -= (g_p * p).sum(axis=-1, keepdims=True)
    g_p *= p
    g_p *= q.shape[-1] ** -0.5
    g_qkv = _merge(np.stack([g_p @ k, g_p.swapaxes(-1, -2) @ q, p.swapaxes(-1, -2) @ g_read]))
    g_before, g_weight, g_bias = fused_qkv_vjp(g_qkv, before, block.attn)
    for part, layer in enumerate("qkv"):
        width = slice(part * len(g_bias) // 3, (part + 1) * len(g_bias) // 3)
        into[f"{name}.attn.{layer}.weight"], into[f"{name}.attn.{layer}.bias"] = g_weight[width], g_bias[width]
    return g + _norm_vjp(g_before, norm1, block.ln1, f"{name}.ln1", into)


def _split(x: np.ndarray, batch: int, heads: int, parts: int = 3) -> np.ndarray:
    """(N, parts * C) -> (parts,B,H,T,D)"""
    x = x.reshape(batch, len(x) // batch, parts, heads, -1)
    return x.transpose(2, 0, 3, 1, 4)


def _merge(x: np.ndarray) -> np.ndarray:
    """(parts,B,H,T,D) -> (N, parts * C)"""
    parts, batch, heads, steps, width = x.shape
    return x.transpose(1, 3, 0, 2, 4).reshape(batch * steps, parts * heads * width)


def _weights(q: np.ndarray, k: np.ndarray) -> np.ndarray:
    """(B,H,T,D), (B,H,T,D) -> (B,H,T,T): how much each query reads of each key."""
    p = q @ k.swapaxes(-1, -2)
    p *= q.shape[-1] ** -0.5
    np.copyto(p, -np.inf, where=~causal_mask(q.shape[-2]))
    p -= p.max(axis=-1, keepdims=True)
    np.exp(p, out=p)
    p /= p.sum(axis=-1, keepdims=True)
    return p


def _linear(x: np.ndarray, layer: Any) -> np.ndarray:
    y = x @ layer.weight.data.T
    y += layer.bias.data
    return y


def _linear_vjp(g: np.ndarray, x: np.ndarray, layer: Any, name: str, into: dict[str, np.ndarray]) -> np.ndarray:
    into[f"{name}.weight"], into[f"{name}.bias"] = g.T @ x, g.sum(axis=0)
    return g @ layer.weight.data


def _norm(x: np.ndarray, layer: Any) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    normal = x - x.mean(axis=1, keepdims=True)
    inverse = 1.0 / np.sqrt((normal * normal).mean(axis=1, keepdims=True) + 1e-5)
    normal *= inverse
    y = normal * layer.weight.data
    y += layer.bias.data
    return y, (normal, inverse)


def _norm_vjp(
    g: np.ndarray, kept: tuple[np.ndarray, np.ndarray], layer: Any, name: str, into: dict[str, np.ndarray]
) -> np.ndarray:
    normal, inverse = kept
    into[f"{name}.weight"], into[f"{name}.bias"] = (g * normal).sum(axis=0), g.sum(axis=0)
    g = g * layer.weight.data
    g -= g.mean(axis=1, keepdims=True) + normal * (g * normal).mean(axis=1, keepdims=True)
    g *= inverse
    return g


def _gelu(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Value and slope in one pass: both need the same tanh."""
    rate, squares = 0.7978845608028654, x * x  # sqrt(2 / pi)
    gate = np.tanh(rate * x * (1.0 + 0.044715 * squares))
    gate += 1.0
    gate *= 0.5
    slope = squares * (3 * 0.044715)
    slope += 1.0
    slope *= x
    slope *= 2.0 * rate * gate * (1.0 - gate)
    slope += gate
    return x * gate, slope


def _embedding_vjp(g: np.ndarray, ids: np.ndarray, model: Any, steps: int, into: dict[str, np.ndarray]) -> None:
    tokens, positions = model.tok_emb.weight.data, model.pos_emb.weight.data
    # A product with rows of zeros and a one: faster than adding row by row, as long as the vocabulary is small.
    into["tok_emb.weight"] = (ids == np.arange(len(tokens))[:, None]).astype(g.dtype) @ g
    into["pos_emb.weight"] = np.zeros_like(positions)
    into["pos_emb.weight"][:steps] = g.reshape(-1, steps, g.shape[1]).sum(axis=0)


# END SOLUTION


def to_float32(model: Module) -> Module:
    """Make every parameter of the model float32, in place, and forget its gradient; returns the model.

    Make the optimiser afterwards: what it remembers has the dtype of the parameters that it was given.
    """
    # BEGIN SOLUTION A6.10: convert the parameters
    for p in model.parameters():
        p.data = p.data.astype(np.float32)
        p.grad = None
    return model
    # END SOLUTION


def train_step(model: Module, optimizer: Optimizer, x: np.ndarray, y: np.ndarray) -> float:
    """The step of train.train_step, faster: gradients by loss_and_gradients, then the optimiser; returns the loss."""
    # BEGIN SOLUTION A6.10: hand the gradients to the optimiser
    loss, gradients = loss_and_gradients(model, x, y)
    for name, p in model.named_parameters():
        p.grad = gradients[name]
    optimizer.step()
    return loss
    # END SOLUTION


def profile(
    operations: Mapping[str, Callable[[], Any]], clock: Callable[[], float] = time.process_time, repeats: int = 7
) -> list[tuple[str, float]]:
    """What one call of each operation costs: (name, median of `repeats` times by `clock`), most expensive first.

    Each is called once before anything is timed, because first calls are slow. The timed calls go round: every
    operation once, then every operation again, so that a slow moment of the machine meets all of them alike.

    Example: operations {"a": f, "b": g} call f, g, then f, g with times taken, `repeats` times.
    """
    # BEGIN SOLUTION A6.11: warm up, go round, take medians, sort
    for operation in operations.values():
        operation()
    times: dict[str, list[float]] = {name: [] for name in operations}
    for _ in range(repeats):
        for name, operation in operations.items():
            start = clock()
            operation()
            times[name].append(float(clock() - start))
    return sorted(((name, median(each)) for name, each in times.items()), key=lambda pair: -pair[1])
    # END SOLUTION
