"""Weights that the grader draws: random ones for comparisons, ordinary ones to start training from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

Shapes = Mapping[str, tuple[int, ...]]


def random_weights(shapes: Shapes, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights as after long training: no bias is 0 and no LayerNorm weight is 1, so that no term can hide."""
    return {name: _random(name, shape, rng) for name, shape in shapes.items()}


def initial_weights(shapes: Shapes, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights to start from: U(-1/sqrt(fan_in), 1/sqrt(fan_in)) for matrices, 0.1 N(0, 1) for embeddings.

    Biases are 0, LayerNorm weights 1; the loss is then close to ln 31.
    """
    return {name: _initial(name, shape, rng) for name, shape in shapes.items()}


def _random(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    draws = rng.standard_normal(shape)
    if _is_norm_weight(name):
        return 1.0 + 0.3 * draws
    if len(shape) == 1:
        return 0.3 * draws
    return draws if _is_embedding(name) else 1.5 * draws / np.sqrt(shape[1])


def _initial(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    if len(shape) == 1:
        return np.ones(shape) if _is_norm_weight(name) else np.zeros(shape)
    if _is_embedding(name):
        return 0.1 * rng.standard_normal(shape)
    bound = 1.0 / np.sqrt(shape[1])
    return rng.uniform(-bound, bound, shape)


def _is_norm_weight(name: str) -> bool:
    return name.endswith(".weight") and name.split(".")[-2].startswith("ln")


def _is_embedding(name: str) -> bool:
    return name.split(".")[-2].endswith("emb")
