"""Group 1: one small function, to get to know the tools. Nothing here counts."""

import numpy as np
import pytest

pytestmark = [pytest.mark.task("A0.1"), pytest.mark.where("hello.relu_forward")]

SHAPES = [(5,), (2, 3), ()]


@pytest.mark.points(5)
@pytest.mark.title("relu_forward of some numbers")
@pytest.mark.hint("What should come out for -2, for 0 and for 3? Write the three down, then print yours.")
def test_relu_values(parity):
    x = np.array([-2.0, -0.5, 0.0, 0.5, 3.0])
    parity(lambda lib: lib.hello.relu_forward(x), f"relu_forward({x.tolist()})")


@pytest.mark.points(3)
@pytest.mark.title("arrays of any shape")
@pytest.mark.needs("test_relu_values")
@pytest.mark.hint("Does your code look at single numbers, or at the array as a whole?")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_relu_shapes(parity, rng, shape):
    x = np.asarray(rng.standard_normal(shape))
    parity(lambda lib: lib.hello.relu_forward(x), f"relu_forward of an array of shape {shape}")


@pytest.mark.points(2)
@pytest.mark.title("the input stays as it was")
@pytest.mark.needs("test_relu_values")
@pytest.mark.hint("Print x after the call. Which line wrote into it?")
def test_relu_input(parity, rng):
    x = rng.standard_normal((3, 4))

    def input_afterwards(lib):
        kept = lib.keep(x)
        lib.hello.relu_forward(kept)
        return kept

    parity(input_afterwards, "x after relu_forward(x)")
