"""Group 1: operations on single numbers and on arrays of equal shapes, their values and their gradients.

Nothing broadcasts here: that is group 2, so that a mistake in it costs nothing here.
"""

import numpy as np
import pytest

from tinygrade import StudentFailure

pytestmark = pytest.mark.task("A1.1")

both = pytest.mark.parametrize("what", ["values", "gradient"])


def normal(rng, *shapes):
    return [np.asarray(rng.standard_normal(shape)) for shape in shapes]


def positive(rng, *shapes):
    return [np.asarray(rng.uniform(0.5, 2.0, shape)) for shape in shapes]


def pairs(draw, rng):
    """Arguments for an operation of two arrays."""
    return {"two (3, 4) arrays": draw(rng, (3, 4), (3, 4)), "two numbers": draw(rng, (), ())}


@pytest.mark.points(1)
@pytest.mark.title("add")
@pytest.mark.where("ops.add")
@pytest.mark.part("ops.add")
@pytest.mark.hint("By how much does a + b change when only b grows by a little?")
@both
def test_add(operation, rng, what):
    operation("add", what, pairs(normal, rng), wrt=(0, 1))


@pytest.mark.points(1.5)
@pytest.mark.title("sub")
@pytest.mark.part("ops.sub")
@pytest.mark.hint("In which direction does a - b move when b grows?")
@both
def test_sub(operation, rng, what):
    operation("sub", what, pairs(normal, rng), wrt=(0, 1))


@pytest.mark.points(1.5)
@pytest.mark.title("mul")
@pytest.mark.part("ops.mul")
@pytest.mark.hint("How fast does the product grow with the first factor, and which number decides about that?")
@both
def test_mul(operation, rng, what):
    operation("mul", what, pairs(normal, rng), wrt=(0, 1))


@pytest.mark.points(1.5)
@pytest.mark.title("div")
@pytest.mark.part("ops.div")
@pytest.mark.hint("Take 6 / 2 and 6 / 2.001. Did the quotient grow or shrink, and how does that depend on each number?")
@both
def test_div(operation, rng, what):
    operation("div", what, pairs(positive, rng), wrt=(0, 1))
    signs = {"numbers of either sign": [np.array([1.0, -2.0, 3.0]), np.array([-4.0, 0.5, -1e-3])]}
    operation("div", what, signs, wrt=(0, 1))


@pytest.mark.points(1)
@pytest.mark.title("neg")
@pytest.mark.part("ops.neg")
@pytest.mark.hint("When x grows by a little, what happens to the result?")
@both
def test_neg(operation, rng, what):
    operation("neg", what, {"a (3, 4) array": normal(rng, (3, 4)), "a number": normal(rng, ())})


@pytest.mark.points(2.5)
@pytest.mark.title("power")
@pytest.mark.part("ops.power")
@pytest.mark.hint("Which part of your code needs a base above 0? Is it needed when the exponent is a plain number?")
@both
def test_power(operation, rng, what):
    operation("power", what, {"two (3, 4) arrays": [*positive(rng, (3, 4)), *normal(rng, (3, 4))]}, wrt=(0, 1))
    bases = np.array([-2.0, -0.5, 1.5, 3.0])
    calls = {f"negative bases and the exponent {n:g}": [bases, n] for n in (3.0, 2.0, -1.0)}
    zero = np.array([0.0, 0.0, 2.0])
    calls |= {f"a base of 0 and the exponent {n:g}": [zero, n] for n in (2.0, 1.0, 0.0)}
    operation("power", what, calls)


@pytest.mark.points(1.5)
@pytest.mark.title("exp")
@pytest.mark.part("ops.exp")
@pytest.mark.hint("Which function is its own slope?")
@both
def test_exp(operation, rng, what):
    large = {"large numbers": [np.array([-1000.0, -30.0, 0.0, 30.0, 700.0])]}
    operation("exp", what, {"a (3, 4) array": normal(rng, (3, 4)), "a number": normal(rng, ()), **large})


@pytest.mark.points(1.5)
@pytest.mark.title("log")
@pytest.mark.part("ops.log")
@pytest.mark.hint("How steep is the logarithm at 1, at 10 and close to 0?")
@both
def test_log(operation, rng, what):
    calls = {"a (3, 4) array": positive(rng, (3, 4)), "numbers near 0": [np.array([1e-300, 1e-9, 1e-3])]}
    if what == "values":
        calls["0"] = [np.array([0.0, 1.0])]
    operation("log", what, calls)


@pytest.mark.points(1.5)
@pytest.mark.title("tanh")
@pytest.mark.part("ops.tanh")
@pytest.mark.hint("Draw tanh. How steep is it at 0, and how steep where it is nearly flat?")
@both
def test_tanh(operation, rng, what):
    large = {"large numbers": [np.array([-1000.0, -20.0, 0.0, 20.0, 1000.0])]}
    operation("tanh", what, {"a (3, 4) array": normal(rng, (3, 4)), **large})


@pytest.mark.points(1.5)
@pytest.mark.title("relu")
@pytest.mark.part("ops.relu")
@pytest.mark.hint("Which inputs let the gradient through? What does the docstring say about exactly 0?")
@both
def test_relu(operation, rng, what):
    calls = {"a (3, 4) array": normal(rng, (3, 4)), "numbers around 0": [np.array([-1e-12, 0.0, -0.0, 1e-12])]}
    operation("relu", what, calls)


SIGNS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
}


@pytest.mark.points(3)
@pytest.mark.title("operators, with numbers and arrays on either side")
@pytest.mark.where("tensor.Tensor.__rsub__")
@pytest.mark.needs("test_add", "test_sub", "test_mul", "test_div", "test_power")
@pytest.mark.hint("When the left operand does not know what to do, Python asks the right one. Which comes first then?")
def test_operators(parity, partial_credit, rng):
    x, y = positive(rng, (3, 4), (3, 4))
    failures = []
    for sign, of in SIGNS.items():
        try:
            parity(lambda lib, of=of: on_all_sides(lib, of, x, y), f"o = {sign}, x and y of shape (3, 4):")
        except StudentFailure as failure:
            if failure.status != "failed":
                raise
            failures.append(failure)
    if len(failures) == len(SIGNS):
        raise failures[0]
    if failures:
        partial_credit(1 - len(failures) / len(SIGNS), failures[0].message)


def on_all_sides(lib, of, x, y):
    t, u = lib.tensor.Tensor(x), lib.tensor.Tensor(y)
    return {"x o y": of(t, u), "x o 3": of(t, 3.0), "3 o x": of(3.0, t), "array o x": of(y, t), "-(x o y)": -of(t, u)}


@pytest.mark.points(2)
@pytest.mark.title("whole numbers become floats, single numbers stay single")
@pytest.mark.where("tensor.Tensor")
@pytest.mark.needs("test_add", "test_mul", "test_div")
@pytest.mark.hint("What is the dtype of the array in Tensor([1, 2, 3]), and what is its shape in Tensor(3)?")
def test_numbers(parity):
    def expression(lib):
        tensor, ops = lib.tensor.Tensor, lib.ops
        product = ops.mul(tensor(3), tensor(4.0))
        return {
            "[1, 2] / [4, 3]": ops.div(tensor([1, 2]), tensor([4, 3])),
            "[True, False] + [1, 1]": ops.add(tensor([True, False]), tensor([1, 1])),
            "3 * 4": product,
            "the item() of 3 * 4": product.item(),
            "the shape of 3 * 4": product.shape,
        }

    parity(expression, "tensors of whole numbers:")
