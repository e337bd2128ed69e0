"""Group 6: everything together: a tiny network learns y = sin(x) on the student's tape, step by step like ours."""

import numpy as np
import pytest

from tinygrade import StudentFailure

#: So many different pieces may be given; with more of them it would not be the student's own any more.
MOST_GIVEN = 3
OPS = ("add", "sub", "matmul", "tanh", "power", "mean")
STEPS, LEARNING_RATE, HIDDEN = 200, 0.05, 16


@pytest.mark.points(8)
@pytest.mark.title("200 steps of training")
@pytest.mark.task("A1")
@pytest.mark.where("tensor.Tensor.backward")
@pytest.mark.given(*(f"test_{op}" for op in OPS), "test_unbroadcast", "test_broadcast_add", "test_broadcast_sub")
@pytest.mark.needs("test_reuse", "test_diamonds", "test_twice", "test_start")
@pytest.mark.hint("Is the loss before step 0 right, and the one before step 1? What happens in between?")
def test_small_training(parity, student, rng, note):
    if len({part.path for part in student.parts}) > MOST_GIVEN:
        raise StudentFailure("too many of its operations are wrong")
    x = np.linspace(-3.0, 3.0, 32).reshape(-1, 1)
    shapes = [(1, HIDDEN), (HIDDEN,), (HIDDEN, 1), (1,)]
    weights = [scale * rng.standard_normal(shape) for scale, shape in zip((1.0, 0.5, 0.3, 0.1), shapes, strict=True)]

    def losses(lib):
        return lib.loop("descend", lib.ops, x, np.sin(x), weights, LEARNING_RATE, STEPS)

    got = parity(losses, "loss before step (counted from 0)", rtol=1e-6)
    note(f"loss {got[0]:.2f} -> {got[-1]:.4f} in {STEPS} steps")
