"""Is my derivative what the function really does?"""

import numpy as np


def numerical_vjp(f, inputs, cotangent, h=1e-5):
    xs = [np.array(x, dtype=np.float64) for x in inputs]
    c = np.asarray(cotangent, dtype=np.float64)

    def wiggle(n, where, by):
        return [x + by * _unit(x.shape, where) if i == n else x.copy() for i, x in enumerate(xs)]

    def slope(n, where):
        up, down = (np.asarray(f(*wiggle(n, where, s * h)), dtype=np.float64) for s in (1, -1))
        return np.sum(c * (up - down)) / (2 * h)

    return [np.array([slope(n, where) for where in np.ndindex(x.shape)]).reshape(x.shape) for n, x in enumerate(xs)]


def _unit(shape, where):
    e = np.zeros(shape)
    e[where] = 1.0
    return e


def check_op(f, vjp, inputs, rng):
    xs = [np.array(x, dtype=np.float64) for x in inputs]
    return all(_once(f, vjp, xs, rng) for _ in range(3))


def _once(f, vjp, xs, rng):
    c = rng.standard_normal(np.shape(f(*[x.copy() for x in xs])))
    given = [x.copy() for x in (c, *xs)]
    try:
        claimed = list(vjp(*given))
    except Exception:
        return False
    if any(not np.array_equal(a, b) for a, b in zip(given, (c, *xs), strict=True)):
        return False  # it wrote into its inputs
    real = numerical_vjp(f, xs, c)
    return len(claimed) == len(real) and all(_same(a, b) for a, b in zip(claimed, real, strict=True))


def _same(a, b):
    a = np.zeros_like(b) if a is None else np.asarray(a, dtype=np.float64)
    if a.shape != b.shape or not np.all(np.isfinite(a)):
        return False
    return a.size == 0 or np.abs(a - b).max() <= 1e-6 * np.abs(b).max() + 1e-8
