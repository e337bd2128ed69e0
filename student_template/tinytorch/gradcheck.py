"""Your own gradient checker: it compares a backward rule with what the forward function really does.

Rules here are pure-array functions: `f(*inputs)` returns an array, and `vjp(cotangent, *inputs)` returns one gradient
per input, that of sum(cotangent * f(*inputs)).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


def numerical_vjp(
    f: Callable[..., np.ndarray], inputs: Sequence[np.ndarray], cotangent: np.ndarray, h: float = 1e-5
) -> list[np.ndarray]:
    """The gradient of sum(cotangent * f(*inputs)) by central differences, one array per input.

    Computes in float64 and changes neither `inputs` nor `cotangent`. Raises ValueError when the cotangent has not
    the shape of f's result. See Griewank & Walther 2008, Evaluating Derivatives, on the choice of h.

    Example: f(x) = x * x at x = [1, 2] with cotangent [1, 10] gives about [2, 40].
    """
    raise NotImplementedError("A1.5: move one entry of one input at a time and watch the weighted sum of the result")


def check_op(
    f: Callable[..., np.ndarray],
    vjp: Callable[..., Sequence[np.ndarray]],
    inputs: Sequence[np.ndarray],
    rng: np.random.Generator,
) -> bool:
    """True when `vjp` is the right backward rule of `f` at `inputs`, False for anything else.

    A rule is wrong, too, when it returns the wrong number of gradients or a wrong shape, numbers that are not
    finite, or changes its inputs.

    Example: f = np.exp passes with vjp(g, x) = (g * np.exp(x),) and fails with (np.exp(x),).
    """
    raise NotImplementedError("A1.5: choose upstream gradients that no wrong rule survives, and compare entry by entry")
