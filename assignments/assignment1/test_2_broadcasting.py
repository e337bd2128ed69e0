"""Group 2: operands of different shapes, and the operations that choose between two arrays."""

import numpy as np
import pytest

pytestmark = pytest.mark.task("A1.2")

SHAPES = {
    "leading axes": [((2, 3, 4), (4,)), ((2, 3, 4), (3, 4)), ((5,), ())],
    "axes of size 1": [((3, 4), (1, 4)), ((3, 4), (3, 1)), ((3, 4), (1, 1)), ((5,), (1,))],
    "both": [((2, 3, 4), (3, 1)), ((2, 3, 4), (1, 1)), ((2, 1, 4), (1, 1))],
    "equal shapes": [((3, 4), (3, 4)), ((1, 4), (1, 4)), ((), ())],
}
three = pytest.mark.parametrize("what", ["values", "gradient", "broadcasting"])
BROADCAST = "Where one number of b was used three times, how do the three gradients that come back combine?"


def broadcasts(draw):
    """A (3, 4) array with one of each smaller shape, on either side; and two that both have to grow."""
    calls = {}
    for shape in ((4,), (1, 4), (3, 1), ()):
        calls[f"shapes (3, 4) and {shape}"] = [draw((3, 4)), draw(shape)]
        calls[f"shapes {shape} and (3, 4)"] = [draw(shape), draw((3, 4))]
    return {**calls, "shapes (3, 1) and (4,)": [draw((3, 1)), draw((4,))]}


def positive(rng):
    return lambda shape: np.asarray(rng.uniform(0.5, 2.0, shape))


def normal(rng):
    return lambda shape: np.asarray(rng.standard_normal(shape))


@pytest.mark.points(4)
@pytest.mark.title("unbroadcast")
@pytest.mark.part("ops.unbroadcast")
@pytest.mark.hint("Draw a (3, 1) array that is used as (3, 4). Which entries of g belong to its first number?")
@pytest.mark.parametrize("kind", SHAPES)
def test_unbroadcast(parity, rng, kind):
    for used, shape in SHAPES[kind]:
        g = np.asarray(rng.standard_normal(used))
        parity(
            lambda lib, g=g, shape=shape: lib.tensor.unbroadcast(g, shape),
            f"unbroadcast of a gradient of shape {used} to {shape}",
        )


@pytest.mark.points(1)
@pytest.mark.title("add broadcasts")
@pytest.mark.part("ops.add")
@pytest.mark.needs("test_add", "test_unbroadcast")
@pytest.mark.hint(BROADCAST)
def test_broadcast_add(operation, rng):
    operation("add", "gradient", broadcasts(normal(rng)), wrt=(0, 1))


@pytest.mark.points(1)
@pytest.mark.title("sub broadcasts")
@pytest.mark.part("ops.sub")
@pytest.mark.needs("test_sub", "test_unbroadcast")
@pytest.mark.hint(BROADCAST)
def test_broadcast_sub(operation, rng):
    operation("sub", "gradient", broadcasts(normal(rng)), wrt=(0, 1))


@pytest.mark.points(1)
@pytest.mark.title("mul broadcasts")
@pytest.mark.part("ops.mul")
@pytest.mark.needs("test_mul", "test_unbroadcast")
@pytest.mark.hint(BROADCAST)
def test_broadcast_mul(operation, rng):
    operation("mul", "gradient", broadcasts(normal(rng)), wrt=(0, 1))


@pytest.mark.points(1)
@pytest.mark.title("div broadcasts")
@pytest.mark.part("ops.div")
@pytest.mark.needs("test_div", "test_unbroadcast")
@pytest.mark.hint(BROADCAST)
def test_broadcast_div(operation, rng):
    operation("div", "gradient", broadcasts(positive(rng)), wrt=(0, 1))


@pytest.mark.points(1)
@pytest.mark.title("power broadcasts")
@pytest.mark.part("ops.power")
@pytest.mark.needs("test_power", "test_unbroadcast")
@pytest.mark.hint(BROADCAST)
def test_broadcast_power(operation, rng):
    operation("power", "gradient", broadcasts(positive(rng)), wrt=(0, 1))


@pytest.mark.points(3)
@pytest.mark.title("maximum")
@pytest.mark.where("ops.maximum")
@pytest.mark.needs("test_unbroadcast")
@pytest.mark.hint("Who gets the gradient where a is larger, where b is, and, says the docstring, where they are equal?")
@three
def test_maximum(operation, rng, what):
    ties = [np.array([1.0, 2.0, -3.0, 0.0]), np.array([1.0, -2.0, -3.0, 5.0])]
    calls = {"two (3, 4) arrays": list(rng.standard_normal((2, 3, 4))), "numbers of which some are equal": ties}
    if what == "broadcasting":
        operation("maximum", "gradient", broadcasts(normal(rng)), wrt=(0, 1))
    else:
        operation("maximum", what, calls, wrt=(0, 1))


@pytest.mark.points(3)
@pytest.mark.title("where")
@pytest.mark.where("ops.where")
@pytest.mark.needs("test_unbroadcast")
@pytest.mark.hint("An entry that was not chosen does not touch the result. What is its gradient, then?")
@three
def test_where(operation, rng, what):
    condition = np.array([[True, False, True, False], [False] * 4, [True] * 4])
    if what == "broadcasting":
        calls = {label: [condition, *arrays] for label, arrays in broadcasts(normal(rng)).items()}
        calls["a condition of shape (4,)"] = [condition[0], *rng.standard_normal((2, 3, 4))]
        operation("where", "gradient", calls, wrt=(1, 2))
    else:
        operation("where", what, {"two (3, 4) arrays": [condition, *rng.standard_normal((2, 3, 4))]}, wrt=(1, 2))
