"""Arithmetic that formulas of several subjects share."""

from __future__ import annotations

import numpy as np


def unbroadcast(g: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """`g` summed to `shape`, so that only the rest of a formula is wrong. ValueError when it cannot be."""
    g = np.asarray(g)
    if np.broadcast_shapes(g.shape, shape) != g.shape:
        g = np.broadcast_to(g, np.broadcast_shapes(g.shape, shape))
    lead = g.ndim - len(shape)
    stretched = tuple(lead + i for i, size in enumerate(shape) if size == 1)
    return np.asarray(g.sum(axis=(*range(lead), *stretched))).reshape(shape)
