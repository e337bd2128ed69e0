import numpy as np
import pytest

from tinygrade import StudentFailure

INPUTS = {
    "bool": np.array([[True, False], [False, True]]),
    "int": np.array([3, 1, 2]),
    "float": np.array([[0.1, 1 / 3], [1e-300, -7.25]]),
    "0-d": np.array(2.5),
    "not contiguous": np.arange(12.0).reshape(3, 4)[:, ::2].T,
    "not finite": np.array([np.nan, np.inf, -np.inf, 1.0]),
    "large": np.linspace(0.0, 1.0, 120).reshape(10, 12) / 3,
}


@pytest.mark.points(1)
@pytest.mark.parametrize("kind", INPUTS)
def test_kinds(parity, kind):
    parity(lambda lib: lib.late.values(INPUTS[kind]), f"values({kind})")


@pytest.mark.points(1)
def test_large(parity):
    parity(lambda lib: lib.late.values(INPUTS["large"]), "values(large)")


@pytest.mark.points(1)
@pytest.mark.task("B1.2")
def test_gradient(gradcheck, rng):
    gradcheck(lambda lib: lib.late.square, [rng.standard_normal((2, 3))], name="square")


@pytest.mark.points(1)
def test_property(student, rng):
    layer = student.late.Layer()
    before = student.fetch(layer(np.array([1.0, 2.0])))
    for i in range(6):
        after = student.fetch(layer(np.array([1.0, 2.0 + i])))
        if i == 5 and after[0] != before[0]:
            raise StudentFailure("the first moves with the second")


@pytest.mark.points(1)
def test_trajectory(parity):
    def run(lib):
        layer = lib.late.Layer()
        lib.write(layer, {"weight": np.array([1.0, 1.0])})
        return [layer.step(np.array([0.5, float(i)])) for i in range(4)]

    parity(run, "step")


@pytest.mark.points(1)
def test_weights(student):
    layer = student.late.Layer()
    layer.step(np.array([0.5, 1.0]))
    student.fetch(layer.weight)
    for _ in range(3):
        student.fetch(layer.step(np.array([0.5, 1.0])))
    found = student.fetch(layer.weight)
    raise StudentFailure(f"weight[1]: yours {found[1]:.6g}, expected 0")


@pytest.mark.points(1)
def test_raises(student):
    f = student.late.positive
    student.raises(ValueError, lambda: f(-1.5), valid=lambda: f(2.5))


@pytest.mark.points(1)
def test_error(student):
    student.fetch(student.late.broken(np.array([1, 2])))


@pytest.mark.points(1)
def test_census(student):
    found = student.census(student.late.Layer())
    if len(found) != 1:
        raise StudentFailure(f"{len(found)} parameters, expected 1")


@pytest.mark.points(1)
def test_gradients(student):
    layer = student.late.Layer()
    layer(np.array([1.0, 2.0])).backward(np.array([1.0, 3.0]))
    found = student.gradients(layer, ["weight"])["weight"]
    raise StudentFailure(f"the gradient of weight[1]: yours {found[1]:.6g}, expected 0")


@pytest.mark.points(1)
def test_stub(student):
    student.fetch(student.late.stub())


@pytest.mark.points(1)
def test_right(parity):
    parity(lambda lib: lib.late.right(2), "right(2)")


@pytest.mark.points(1)
def test_printing(parity):
    parity(lambda lib: lib.late.printing(2), "printing(2)")


@pytest.mark.points(1)
def test_crash(student):
    student.fetch(student.late.crash())


@pytest.mark.points(1)
def test_own(stack):
    stack.require_own()


@pytest.mark.points(1)
def test_shared(partial_credit, student):
    student.fetch(student.late.right(2))
    partial_credit(0.5, "half of it")


@pytest.mark.points(0)
def test_hostile(student):
    student.fetch(student.late.hostile())
