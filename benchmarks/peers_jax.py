"""The reference's transformer in JAX (float32, its default), for benchmarks/train_step.py.

Four ways to take a step: parameters in a dictionary, with the loss read after each step as the others do, or only at
the end of a slot (asynchronous); all parameters in one vector; and all steps of a slot inside one `lax.scan`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

VERSION = jax.__version__
Weights = dict[str, jax.Array]


def loss_of(w: Weights, x: jax.Array, y: jax.Array, *, layers: int, heads: int) -> jax.Array:
    h = w["tok_emb.weight"][x] + w["pos_emb.weight"][: x.shape[1]]
    for i in range(layers):
        block = partial(_linear, w, f"blocks.{i}.")
        normal = _norm(w, f"blocks.{i}.ln1", h)
        h = h + block("attn.o", _attend(*(block(f"attn.{name}", normal) for name in "qkv"), heads))
        h = h + block("mlp.fc2", jax.nn.gelu(block("mlp.fc1", _norm(w, f"blocks.{i}.ln2", h))))
    logits = _norm(w, "ln_f", h) @ w["head.weight"].T
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[..., None], axis=-1).mean()


def _linear(w: Weights, prefix: str, name: str, x: jax.Array) -> jax.Array:
    return x @ w[f"{prefix}{name}.weight"].T + w[f"{prefix}{name}.bias"]


def _norm(w: Weights, name: str, x: jax.Array) -> jax.Array:
    centred = x - x.mean(-1, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * w[f"{name}.weight"] + w[f"{name}.bias"]


def _attend(q: jax.Array, k: jax.Array, v: jax.Array, heads: int) -> jax.Array:
    batch, time, width = q.shape
    q, k, v = (t.reshape(batch, time, heads, -1).swapaxes(1, 2) for t in (q, k, v))
    scores = q @ k.swapaxes(-1, -2) / (width // heads) ** 0.5
    scores = jnp.where(jnp.tril(jnp.ones((time, time), bool)), scores, -jnp.inf)
    return (jax.nn.softmax(scores) @ v).swapaxes(1, 2).reshape(batch, time, width)


def _step(loss_function: Any, state: Any, batch: tuple[jax.Array, jax.Array]) -> tuple[Any, jax.Array]:
    """One step of Adam, lr 1e-3, for parameters in any pytree."""
    w, m, v, t = state
    loss, g = jax.value_and_grad(loss_function)(w, *batch)
    t = t + 1
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
    scale, root = 1e-3 / (1 - 0.9**t), jnp.sqrt(1 - 0.999**t)
    w = jax.tree.map(lambda w, m, v: w - scale * m / (jnp.sqrt(v) / root + 1e-8), w, m, v)
    return (w, m, v, t), loss


def trainers(
    size: dict[str, int], weights: dict[str, np.ndarray], batches: list[tuple[np.ndarray, np.ndarray]]
) -> Iterator[tuple[str, Callable[[int], float]]]:
    """(name, train): `train(steps)` takes that many steps and returns the last loss."""
    data = [(jnp.asarray(x), jnp.asarray(y)) for x, y in batches]
    tree = {name: jnp.asarray(value, jnp.float32) for name, value in weights.items()}
    flat, unravel = ravel_pytree(tree)
    loss = partial(loss_of, layers=size["layers"], heads=size["heads"])
    of_tree = partial(_step, loss)
    of_flat = partial(_step, lambda w, x, y: loss(unravel(w), x, y))
    yield "jax jit, loss read each step", _dispatched(of_tree, tree, data, read=True)
    yield "jax jit, asynchronous", _dispatched(of_tree, tree, data, read=False)
    yield "jax jit, one flat vector", _dispatched(of_flat, flat, data, read=True)
    yield "jax lax.scan", _scanned(of_flat, flat, data)


def _start(w: Any) -> Any:
    zeros = jax.tree.map(jnp.zeros_like, w)
    return jax.tree.map(jnp.array, w), zeros, jax.tree.map(jnp.zeros_like, w), jnp.zeros((), jnp.int32)


def _dispatched(step: Any, w: Any, data: list[Any], *, read: bool) -> Callable[[int], float]:
    state, jitted = _start(w), jax.jit(step, donate_argnums=0)

    def train(steps: int) -> float:
        nonlocal state
        for i in range(steps):
            state, loss = jitted(state, data[i % len(data)])
            if read:
                float(loss)
        jax.block_until_ready(state)
        return float(loss)

    return train


def _scanned(step: Any, w: Any, data: list[Any]) -> Callable[[int], float]:
    state, jitted = _start(w), jax.jit(partial(jax.lax.scan, step))
    stacked: dict[int, Any] = {}  # the batches of a slot by its number of steps

    def train(steps: int) -> float:
        nonlocal state
        if steps not in stacked:
            stacked[steps] = tuple(jnp.stack([data[i % len(data)][j] for i in range(steps)]) for j in range(2))
        state, losses = jitted(state, stacked[steps])
        return float(losses[-1])

    return train
