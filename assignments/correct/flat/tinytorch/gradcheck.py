"""Central differences."""

import numpy as np


def numerical_vjp(f, inputs, cotangent, h=1e-5):
    copies = [np.array(x, dtype="float64", order="C") for x in inputs]
    cotangent = np.array(cotangent, dtype="float64")
    gradients = [np.zeros(x.shape) for x in copies]
    for x, gradient in zip(copies, gradients, strict=True):
        flat_x, flat_gradient = x.reshape(-1), gradient.reshape(-1)  # views
        for i in range(flat_x.size):
            middle = flat_x[i]
            flat_x[i] = middle + h
            right = np.array(f(*copies), dtype="float64")
            flat_x[i] = middle - h
            left = np.array(f(*copies), dtype="float64")
            flat_x[i] = middle
            flat_gradient[i] = np.vdot(cotangent, right - left) / (2 * h)
    return gradients


def check_op(f, vjp, inputs, rng):
    inputs = [np.array(x, dtype="float64") for x in inputs]
    shape = np.shape(f(*[x.copy() for x in inputs]))
    for _ in range(2):
        c = rng.standard_normal(shape)
        mine = [np.array(a) for a in (c, *inputs)]
        before = [a.tobytes() for a in mine]
        got = vjp(*mine)
        if [a.tobytes() for a in mine] != before:
            return False
        expected = numerical_vjp(f, inputs, c)
        if not isinstance(got, (tuple, list)) or len(got) != len(expected):
            return False
        if not all([_close(g, e) for g, e in zip(got, expected, strict=True)]):
            return False
    return True


def _close(got, expected):
    got = np.zeros(expected.shape) if got is None else np.asarray(got, dtype="float64")
    if got.shape != expected.shape:
        return False
    size = np.linalg.norm(expected)
    return bool(np.linalg.norm(got - expected) <= 1e-6 * size + 1e-8)
