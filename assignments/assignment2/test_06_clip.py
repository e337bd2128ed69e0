"""Group 6: all gradients together, as one long vector, are shortened to the largest norm that is allowed."""

import numpy as np
import pytest

from tinygrade import StudentFailure

#: Wide enough for a denominator with 1e-6 added, as some write it.
CLOSE = 1e-5
SHAPES = ((2, 3), (4,))


def clipped(student, rng, norm, max_norm):
    """Two gradients of this norm together before and after, and the number that came back."""
    before = [rng.standard_normal(shape) * scale for shape, scale in zip(SHAPES, (1.0, 3.0), strict=True)]
    length = np.sqrt(sum((g * g).sum() for g in before))
    before = [g * (norm / length) for g in before]
    parameters = [student.tensor.Tensor(np.zeros(shape), requires_grad=True) for shape in (*SHAPES, (5,))]
    for parameter, gradient in zip(parameters, before, strict=False):  # the last one has none
        parameter.grad = gradient
    returned = student.fetch(student.optim.clip_grad_norm(parameters, max_norm))
    grads = [
        student.fetch(parameter.grad, shape=shape, dtype="f", finite=True, name="a gradient after clipping")
        for parameter, shape in zip(parameters, SHAPES, strict=False)
    ]
    if student.fetch(parameters[2].grad) is not None:
        raise StudentFailure("a parameter without gradient has one after clipping")
    return before, grads, returned


@pytest.mark.points(3)
@pytest.mark.title("long gradients are shortened, all by the same factor")
@pytest.mark.task("A2.5")
@pytest.mark.where("optim.clip_grad_norm")
@pytest.mark.hint("Gradients [3] and [4] with max_norm 1: what are they afterwards, and how long are they together?")
def test_clip_long(student, parity, rng):
    for norm, max_norm in ((10.0, 1.0), (1.0, 0.5), (0.5, 0.1)):
        before, after, _ = clipped(student, rng, norm, max_norm)
        require(parity, before, after, max_norm / norm, max_norm)


@pytest.mark.points(1)
@pytest.mark.title("short gradients stay as they are")
@pytest.mark.task("A2.5")
@pytest.mark.where("optim.clip_grad_norm")
@pytest.mark.needs("test_clip_long")
@pytest.mark.hint("When is there nothing to do?")
def test_clip_short(student, parity, rng):
    for norm, max_norm in ((0.5, 1.0), (1.0, 1.0 + 1e-9), (0.0, 1.0)):
        before, after, _ = clipped(student, rng, norm, max_norm)
        require(parity, before, after, 1.0, max_norm)


@pytest.mark.points(1)
@pytest.mark.title("what comes back is the norm before clipping")
@pytest.mark.task("A2.5")
@pytest.mark.where("optim.clip_grad_norm")
@pytest.mark.needs("test_clip_long")
@pytest.mark.hint("At which moment do you measure?")
def test_clip_returns(student, parity, rng):
    for norm, max_norm in ((10.0, 1.0), (0.5, 1.0), (0.5, 0.1)):
        before, _, returned = clipped(student, rng, norm, max_norm)
        parity.data(
            returned,
            np.float64(norm),
            f"norm {norm:g}, max_norm {max_norm:g}: the number that came back",
            about="optim.clip_grad_norm.result",
            inputs={"gradients": before, "max_norm": max_norm},
            rtol=CLOSE,
        )


def require(parity, before, after, factor, max_norm):
    """Each gradient must be `factor` times what it was."""
    norm = np.sqrt(sum((g * g).sum() for g in before))
    parity.data(
        after,
        [g * factor for g in before],
        f"norm {norm:.3g}, max_norm {max_norm:g}: gradients",
        about="optim.clip_grad_norm",
        inputs={"gradients": before, "max_norm": max_norm},
        rtol=CLOSE,
    )
