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
    # BEGIN SOLUTION A1.5: move one entry of one input at a time and watch the weighted sum of the result
    inputs = [np.array(x, dtype=np.float64) for x in inputs]
    if np.shape(f(*inputs)) != np.shape(cotangent):
        raise ValueError(f"cotangent has shape {np.shape(cotangent)}, f gives {np.shape(f(*inputs))}")

    def slope(x: np.ndarray, index: tuple[int, ...]) -> float:
        middle = x[index]
        x[index] = middle + h
        above = np.array(f(*inputs))
        x[index] = middle - h
        below = np.array(f(*inputs))
        x[index] = middle
        # The difference is taken before the sum: large results that do not change cancel exactly.
        return float(np.sum(cotangent * (above - below)) / (2.0 * h))

    gradients = []
    for x in inputs:
        entries = [slope(x, index) for index in np.ndindex(x.shape)]
        gradients.append(np.array(entries).reshape(x.shape))
    return gradients
    # END SOLUTION


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
    # BEGIN SOLUTION A1.5: choose upstream gradients that no wrong rule survives, and compare entry by entry
    inputs = [np.array(x, dtype=np.float64) for x in inputs]
    for _ in range(2):
        cotangent = rng.normal(size=np.shape(f(*inputs)))
        copies = [x.copy() for x in (cotangent, *inputs)]
        claimed = vjp(*copies)
        expected = numerical_vjp(f, inputs, cotangent)
        unchanged = all(np.array_equal(a, b) for a, b in zip(copies, (cotangent, *inputs), strict=True))
        if not unchanged or len(claimed) != len(expected):
            return False
        if not all(_agree(a, b) for a, b in zip(claimed, expected, strict=True)):
            return False
    return True
    # END SOLUTION


# BEGIN SOLUTION A1.5: what "equal up to rounding" means
def _agree(claimed: np.ndarray, expected: np.ndarray) -> bool:
    """Equal up to the error of central differences, which grows with the largest entry, not with each one."""
    claimed = np.asarray(claimed, dtype=np.float64)
    if claimed.shape != expected.shape or not np.isfinite(claimed).all():
        return False
    scale = float(np.max(np.abs(expected), initial=0.0))
    return bool(np.max(np.abs(claimed - expected), initial=0.0) <= 1e-7 + 1e-5 * scale)


# END SOLUTION
