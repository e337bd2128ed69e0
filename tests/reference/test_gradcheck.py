"""The student's checker, as solved: it must pass right rules and flag wrong ones."""

import numpy as np
import pytest


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


RIGHT = {
    "square": (lambda x: x * x, lambda g, x: (2 * g * x,)),
    "mul": (lambda a, b: a * b, lambda g, a, b: (g * b, g * a)),
    "sum": (lambda x: x.sum(), lambda g, x: (np.full(x.shape, g),)),
    "softmax": (softmax, lambda g, x: (softmax(x) * (g - (g * softmax(x)).sum(-1, keepdims=True)),)),
}
WRONG = {
    "ignores the cotangent": (np.exp, lambda g, x: (np.exp(x),)),
    "averages the cotangent": (np.exp, lambda g, x: (np.exp(x) * g.mean(),)),
    "sum returns ones": (lambda x: x.sum(), lambda g, x: (np.ones(x.shape),)),
    "zeros for softmax": (softmax, lambda g, x: (np.zeros(x.shape),)),
    "diagonal only": (softmax, lambda g, x: (g * softmax(x) * (1 - softmax(x)),)),
    "one percent": (np.sin, lambda g, x: (1.01 * g * np.cos(x),)),
    "one entry off": (np.sin, lambda g, x: (g * np.cos(x) + 1e-3 * (np.arange(x.size).reshape(x.shape) == 1),)),
    "second input": (lambda a, b: a - b, lambda g, a, b: (g, g)),
    "too few": (lambda a, b: a - b, lambda g, a, b: (g,)),
    "None": (np.sin, lambda g, x: (None,)),
    "wrong shape": (np.sin, lambda g, x: ((g * np.cos(x)).reshape(-1),)),
    "broadcastable shape": (lambda x: x.sum(), lambda g, x: (np.array(g),)),
    "not a number": (np.sin, lambda g, x: (np.full(x.shape, np.nan),)),
    "changes its input": (np.sin, lambda g, x: (np.multiply(g, np.cos(x), out=x),)),
}


def inputs_of(rule, rng):
    count = rule[1].__code__.co_argcount - 1
    return [rng.normal(size=(2, 3)) for _ in range(count)]


@pytest.mark.parametrize("name", RIGHT)
def test_right_rules_pass(lib, rng, name):
    assert lib.gradcheck.check_op(*RIGHT[name], inputs_of(RIGHT[name], rng), rng) is True


@pytest.mark.parametrize("name", WRONG)
def test_wrong_rules_are_flagged(lib, rng, name):
    assert lib.gradcheck.check_op(*WRONG[name], inputs_of(WRONG[name], rng), rng) is False


def test_numerical_vjp(lib):
    x = np.array([1.0, 2.0])
    (gradient,) = lib.gradcheck.numerical_vjp(lambda x: x * x, [x], np.array([1.0, 10.0]))
    np.testing.assert_allclose(gradient, [2.0, 40.0], rtol=1e-9)
    np.testing.assert_array_equal(x, [1.0, 2.0])


def test_numerical_vjp_of_integers_and_of_a_function_that_returns_its_input(lib):
    (gradient,) = lib.gradcheck.numerical_vjp(lambda x: x, [np.array([1, 2])], np.array([3.0, 4.0]))
    np.testing.assert_allclose(gradient, [3.0, 4.0], rtol=1e-9)


def test_numerical_vjp_refuses_a_cotangent_of_another_shape(lib):
    with pytest.raises(ValueError, match="cotangent"):
        lib.gradcheck.numerical_vjp(lambda x: x, [np.ones(3)], np.ones(()))
