"""Group 3: the matrix product, sums and means over axes, and what moves or picks entries."""

import numpy as np
import pytest

pytestmark = pytest.mark.task("A1.3")

both = pytest.mark.parametrize("what", ["values", "gradient"])
#: Axis and keepdims, for an array of three axes.
AXES = [
    (None, False),
    (None, True),
    (0, False),
    (1, True),
    (-1, False),
    (-2, True),
    ((0, 2), False),
    ((-1, 0), True),
]


def over_axes(rng):
    """Arrays of different sizes, and square ones, in which a wrong axis changes no shape."""
    calls = {f"a (3, 3) array, axis={axis}": [(3, 3), axis, False] for axis in (0, 1, -1)}
    calls |= {f"a (2, 3, 4) array, axis={axis}, keepdims={keep}": [(2, 3, 4), axis, keep] for axis, keep in AXES}
    return {label: [rng.standard_normal(shape), *rest] for label, (shape, *rest) in calls.items()}


@pytest.mark.points(4)
@pytest.mark.title("matmul")
@pytest.mark.part("ops.matmul")
@pytest.mark.hint("Write down the shapes of a, b and g. Which products of two of them have the shape of a?")
@both
def test_matmul(operation, rng, what):
    # square ones first: of other sizes a mistake may be an error, which says less
    shapes = [((3, 3), (3, 3)), ((2, 3), (3, 4)), ((1, 4), (4, 1)), ((4, 1), (1, 2))]
    calls = {f"shapes {a} and {b}": [rng.standard_normal(a), rng.standard_normal(b)] for a, b in shapes}
    operation("matmul", what, calls, wrt=(0, 1))


@pytest.mark.points(3.5)
@pytest.mark.title("reduce_sum")
@pytest.mark.part("ops.reduce_sum")
@pytest.mark.hint("Sum a 3x3 array over one axis: along which axis has the gradient to be copied back?")
@both
def test_reduce_sum(operation, rng, what):
    operation("reduce_sum", what, over_axes(rng))


@pytest.mark.points(3.5)
@pytest.mark.title("mean")
@pytest.mark.part("ops.mean")
@pytest.mark.needs("test_reduce_sum")
@pytest.mark.hint("How many numbers went into each mean, and how much does one of them move it?")
@both
def test_mean(operation, rng, what):
    operation("mean", what, over_axes(rng))


@pytest.mark.points(3)
@pytest.mark.title("reshape")
@pytest.mark.part("ops.reshape")
@pytest.mark.hint("Fill the input with 0, 1, 2, ... and print the result. Where does each number stand?")
@both
def test_reshape(operation, rng, what):
    shapes = [((2, 6), (3, 4)), ((2, 3, 4), (4, -1)), ((2, 3), (-1,)), ((2, 3), 6), ((1,), ()), ((4,), (2, 1, 2))]
    calls = {f"shape {old} to {new}": [rng.standard_normal(old), new] for old, new in shapes}
    operation("reshape", what, calls)


@pytest.mark.points(3.5)
@pytest.mark.title("transpose")
@pytest.mark.part("ops.transpose")
@pytest.mark.hint("The gradient goes the way back. Does turning three axes once more bring them back?")
@both
def test_transpose(operation, rng, what):
    axes = [None, (1, 2, 0), (2, 0, 1), (0, 2, 1), (-1, 0, 1), (0, -1, -2)]
    calls = {f"a (2, 3, 4) array, axes={order}": [rng.standard_normal((2, 3, 4)), order] for order in axes}
    square = rng.standard_normal((3, 3))
    calls |= {"a (3, 3) array": [square, None], "a (3, 3) array, axes=(0, 1)": [square, (0, 1)]}
    operation("transpose", what, calls)


#: How a failure names an index, and the index.
INDICES = {
    "x[1]": 1,
    "x[-1, 2]": (-1, 2),
    "x[1:4]": slice(1, 4),
    "x[::2, 1:]": (slice(None, None, 2), slice(1, None)),
    "x[[0, 2, 0, 4]]": np.array([0, 2, 0, 4]),
    "x[[1, 1], [2, 2]]": (np.array([1, 1]), np.array([2, 2])),
    "x[:, [0, 0, 1]]": (slice(None), np.array([0, 0, 1])),
    "x[mask of rows]": np.array([True, False, False, True, True]),
    "x[mask of entries]": np.arange(15).reshape(5, 3) % 2 == 0,
    "x[:, None]": (slice(None), None),
}


@pytest.mark.points(3.5)
@pytest.mark.title("getitem")
@pytest.mark.part("ops.getitem")
@pytest.mark.hint("What has to happen to the gradient of a row that was picked twice?")
@both
def test_getitem(operation, rng, what):
    x = rng.standard_normal((5, 3))
    operation("getitem", what, {f"{label}, x of shape (5, 3)": [x, index] for label, index in INDICES.items()})


def reductions(x):
    return {
        "x.sum()": x.sum(),
        "x.sum(0)": x.sum(0),
        "x.sum(axis=1, keepdims=True)": x.sum(axis=1, keepdims=True),
        "x.mean()": x.mean(),
        "x.mean(axis=-1)": x.mean(axis=-1),
    }


def moves(x):
    return {
        "x.reshape(4, 3)": x.reshape(4, 3),
        "x.reshape((2, -1))": x.reshape((2, -1)),
        "x.transpose()": x.transpose(),
        "x.transpose(1, 0)": x.transpose(1, 0),
        "x.transpose((0, 1))": x.transpose((0, 1)),
        "x[1, 2]": x[1, 2],
        "x[:, 1]": x[:, 1],
    }


def products(x):
    return {
        "x @ x.transpose()": x @ x.transpose(),
        "array @ x": np.arange(6.0).reshape(2, 3) @ x,
        "x @ array": x @ np.arange(8.0).reshape(4, 2),
    }


@pytest.mark.points(4)
@pytest.mark.title("methods, @ and [] of a tensor")
@pytest.mark.where("tensor.Tensor")
@pytest.mark.needs(*(f"test_{op}" for op in ("matmul", "reduce_sum", "mean", "reshape", "transpose", "getitem")))
@pytest.mark.hint("Which function of ops.py does this method hand its arguments to, and in which order?")
@pytest.mark.parametrize("expressions", [reductions, moves, products])
def test_methods(parity, rng, expressions):
    x = rng.standard_normal((3, 4))
    parity(lambda lib: expressions(lib.tensor.Tensor(x)), "for x of shape (3, 4),")
