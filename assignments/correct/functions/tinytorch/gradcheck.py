from __future__ import annotations

import numpy as np


def numerical_vjp(f, inputs, cotangent, h=1e-5):
    """d/dx of sum(cotangent * f(x)), by (f(x+h) - f(x-h)) / 2h for one entry after the other."""
    arrays = [np.array(x, dtype=float) for x in inputs]
    result = []
    for array in arrays:
        gradient = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            keep = array[index]
            array[index] = keep + h
            plus = np.array(f(*arrays), dtype=float)
            array[index] = keep - h
            minus = np.array(f(*arrays), dtype=float)
            array[index] = keep
            gradient[index] = ((plus - minus) * cotangent).sum() / (2 * h)
        result.append(gradient)
    return result


def check_op(f, vjp, inputs, rng):
    arrays = [np.array(x, dtype=float) for x in inputs]
    output = np.array(f(*arrays))
    # Gaussian, because a cotangent of ones hides too much (softmax!)
    cotangent = rng.normal(size=output.shape)
    backup = [a.copy() for a in arrays]
    upstream = cotangent.copy()
    answer = vjp(upstream, *arrays)
    untouched = np.array_equal(upstream, cotangent) and all(map(np.array_equal, arrays, backup))
    if not untouched or not isinstance(answer, (tuple, list)) or len(answer) != len(arrays):
        return False
    for got, want in zip(answer, numerical_vjp(f, backup, cotangent), strict=True):
        if got is None:
            got = np.zeros(want.shape)
        got = np.asarray(got, dtype=float)
        if got.shape != want.shape:
            return False
        largest = np.max(np.abs(want), initial=1e-3)
        if not np.all(np.abs(got - want) <= 2e-6 * largest):  # NaN ends up here as well
            return False
    return True
