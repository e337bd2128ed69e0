"""How the weights start: small and random, so that signals keep their size and no two units are the same."""

from __future__ import annotations

import numpy as np


def uniform_fan_in(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Uniform between -1/sqrt(fan_in) and 1/sqrt(fan_in); fan_in, the inputs of a unit, is the last size.

    The default of torch.nn.Linear. Raises ValueError for an empty shape.

    Example: shape (3, 16) gives 48 numbers between -0.25 and 0.25.
    """
    raise NotImplementedError("A2.3: draw with the right bound")


def normal(shape: tuple[int, ...], std: float, rng: np.random.Generator) -> np.ndarray:
    """Normally distributed around 0 with standard deviation `std`."""
    raise NotImplementedError("A2.3: draw with the right spread")
