"""Group 1: values, on ordinary inputs and where careless formulas overflow."""

import numpy as np
import pytest

#: Far beyond what exp() can hold, and rows of which one is far above the others.
EXTREME = np.array([[1000.0, 1001.0, 999.0], [-1000.0, -1000.0, 1000.0], [3.0, -2.0, 0.5], [-1000.0, -1001.0, -999.0]])

SOFTMAX, LOG_SOFTMAX, CROSS_ENTROPY = "test_softmax", "test_log_softmax", "test_cross_entropy"
LAYER_NORM, TAKE_ROWS = "test_layer_norm", "test_take_rows"


def applied(lib, function, *arrays):
    """A function of the package on tensors."""
    return function(*(lib.tensor.Tensor(array) for array in arrays))


def along_axes(parity, name, arrays):
    """softmax or log_softmax of each array, along the last axis and along every other."""

    def values(lib):
        function = getattr(lib.functional, name)
        default = [applied(lib, function, x) for x in arrays]
        return default, [function(lib.tensor.Tensor(x), axis=axis) for x in arrays for axis in range(x.ndim)]

    parity(values, name)


@pytest.mark.points(2)
@pytest.mark.title("softmax")
@pytest.mark.task("A2.1")
@pytest.mark.part("functional.softmax")
@pytest.mark.hint("Work out softmax([1000, 1000]) by hand. Which step of yours cannot do what you just did?")
@pytest.mark.parametrize("inputs", ["ordinary", "extreme"])
def test_softmax(parity, rng, inputs):
    ordinary = [2.0 * rng.standard_normal(shape) for shape in ((5,), (2, 3), (2, 4, 3), (3, 3))]
    along_axes(parity, "softmax", ordinary if inputs == "ordinary" else [EXTREME, EXTREME[0]])


@pytest.mark.points(2)
@pytest.mark.title("log_softmax")
@pytest.mark.task("A2.1")
@pytest.mark.part("functional.log_softmax")
@pytest.mark.needs(SOFTMAX)
@pytest.mark.hint("What is the probability of the smallest of [1000, 0], and what its logarithm? Which one fits in a float?")
@pytest.mark.parametrize("inputs", ["ordinary", "extreme"])
def test_log_softmax(parity, rng, inputs):
    ordinary = [2.0 * rng.standard_normal(shape) for shape in ((5,), (2, 3), (2, 4, 3), (3, 3))]
    along_axes(parity, "log_softmax", ordinary if inputs == "ordinary" else [EXTREME, EXTREME[0]])


@pytest.mark.points(3)
@pytest.mark.title("cross_entropy")
@pytest.mark.task("A2.1")
@pytest.mark.part("functional.cross_entropy")
@pytest.mark.given(SOFTMAX, LOG_SOFTMAX)
@pytest.mark.hint("Two rows, one of them ignored: what is the loss by hand, and by which number did you divide?")
@pytest.mark.parametrize("inputs", ["ordinary", "ignored", "extreme"])
def test_cross_entropy(parity, student, rng, inputs):
    logits, targets = 2.0 * rng.standard_normal((3, 4, 5)), rng.integers(0, 5, (3, 4))
    if inputs == "ordinary":
        calls = [(logits, targets, {}), (logits[0], targets[0], {}), (logits[0, 0], targets[0, 0], {})]
    elif inputs == "ignored":
        calls = ignoring(logits, targets)
    else:
        calls = [(EXTREME, np.array([1, 0, 2, 0]), {}), (EXTREME, np.array([0, 2, 1, 1]), {"ignore_index": 1})]

    def losses(lib):
        return [lib.functional.cross_entropy(lib.tensor.Tensor(z), t, **kwargs) for z, t, kwargs in calls]

    parity(losses, "cross_entropy")
    if inputs == "ignored":
        loss = student.functional.cross_entropy
        z = student.tensor.Tensor(logits[0])
        student.raises(
            ValueError,
            lambda: loss(z, np.zeros(4, dtype=int), ignore_index=0),
            valid=lambda: loss(z, np.ones(4, dtype=int), ignore_index=0),
        )


def ignoring(logits, targets):
    """Calls that ignore the first class, another one, and ids that are no class."""
    mixed = targets.copy()
    mixed[:, 0], mixed[:, 1] = 0, [1, 2, 3]
    outside = np.where(mixed == 0, -100, mixed)
    return [
        (logits, mixed, {"ignore_index": 0}),
        (logits, mixed, {"ignore_index": 3}),
        (logits, outside, {"ignore_index": -100}),
        (logits, mixed, {"ignore_index": None}),
    ]


@pytest.mark.points(2)
@pytest.mark.title("gelu")
@pytest.mark.task("A2.1")
@pytest.mark.where("functional.gelu")
@pytest.mark.hint("Compare your curve with the formula's at x = 2, by calculator. From which factor on do they differ?")
def test_gelu(parity, rng):
    grids = [np.linspace(-4.0, 4.0, 33), 2.0 * rng.standard_normal((2, 3, 4)), np.array([-1000.0, 0.0, 1000.0])]
    parity(lambda lib: [applied(lib, lib.functional.gelu, x) for x in grids], "gelu")


@pytest.mark.points(2)
@pytest.mark.title("layer_norm")
@pytest.mark.task("A2.1")
@pytest.mark.part("functional.layer_norm")
@pytest.mark.hint("For the row [1, 3], by hand: the mean, the variance, the result. Over which numbers did you average?")
def test_layer_norm(parity, rng):
    weight, bias = 1.0 + 0.5 * rng.standard_normal(4), rng.standard_normal(4)
    inputs = [3.0 * rng.standard_normal(shape) + 1.0 for shape in ((4,), (5, 4), (2, 3, 4), (4, 4))]
    inputs.append(1000.0 + rng.standard_normal((3, 4)))

    def values(lib):
        default = [applied(lib, lib.functional.layer_norm, x, weight, bias) for x in inputs]
        tensors = [lib.tensor.Tensor(array) for array in (inputs[1], weight, bias)]
        return [*default, lib.functional.layer_norm(*tensors, eps=0.5)]

    parity(values, "layer_norm")


@pytest.mark.points(1)
@pytest.mark.title("Linear, with and without bias")
@pytest.mark.task("A2.3")
@pytest.mark.where("nn.Linear")
@pytest.mark.hint("The weight is (out, in), x is (..., in): what stands beside what in the product?")
def test_linear(parity, rng):
    weight, bias = rng.standard_normal((3, 4)), rng.standard_normal(3)
    square = rng.standard_normal((4, 4))
    inputs = [rng.standard_normal(shape) for shape in ((5, 4), (2, 3, 4), (2, 1, 2, 4))]

    def values(lib):
        with_bias, without, wide = (
            lib.nn.Linear(4, 3, rng=lib.generator(0)),
            lib.nn.Linear(4, 3, bias=False, rng=lib.generator(0)),
            lib.nn.Linear(4, 4, bias=False, rng=lib.generator(0)),
        )
        lib.write(with_bias, {"weight": weight, "bias": bias})
        lib.write(without, {"weight": weight})
        lib.write(wide, {"weight": square})
        return [applied(lib, layer, x) for layer in (with_bias, without, wide) for x in inputs]

    parity(values, "Linear(x)")


@pytest.mark.points(1)
@pytest.mark.title("Embedding and LayerNorm")
@pytest.mark.task("A2.3")
@pytest.mark.where("nn.Embedding")
@pytest.mark.given(LAYER_NORM, TAKE_ROWS)
@pytest.mark.hint("Does the layer use everything that it was made with?")
def test_layers(parity, rng):
    table, ids = rng.standard_normal((6, 4)), rng.integers(0, 6, (2, 3))
    norm = {"weight": 1.0 + 0.5 * rng.standard_normal(4), "bias": rng.standard_normal(4)}

    def values(lib):
        embedding = lib.nn.Embedding(6, 4, rng=lib.generator(0))
        default, other = lib.nn.LayerNorm(4), lib.nn.LayerNorm(4, eps=0.5)
        lib.write(embedding, {"weight": table})
        for layer in (default, other):
            lib.write(layer, norm)
        return {
            "Embedding": embedding(ids),
            "LayerNorm": applied(lib, default, table),
            "LayerNorm with eps": applied(lib, other, table),
        }

    parity(values, "output of")


@pytest.mark.points(1)
@pytest.mark.title("matmul of batches")
@pytest.mark.task("A2.7")
@pytest.mark.where("ops.matmul")
@pytest.mark.hint("Write the shapes of both sides below each other. Which axes are multiplied, which only stand beside?")
def test_matmul(parity, rng):
    shapes = [((2, 3, 4), (2, 4, 5)), ((2, 3, 3), (2, 3, 3)), ((3, 4), (2, 4, 5)), ((2, 1, 3, 4), (5, 4, 2))]
    pairs = [[rng.standard_normal(shape) for shape in pair] for pair in shapes]
    parity(lambda lib: [applied(lib, lib.ops.matmul, a, b) for a, b in pairs], "matmul")


@pytest.mark.points(1)
@pytest.mark.title("concat")
@pytest.mark.task("A2.7")
@pytest.mark.where("ops.concat")
@pytest.mark.hint("Put 0, 1, 2, ... into the first tensor: where do these numbers stand in the result?")
def test_concat(parity, rng):
    a, b, c = (rng.standard_normal(shape) for shape in ((2, 3), (4, 3), (2, 5)))

    def values(lib):
        x, y, z = (lib.tensor.Tensor(array) for array in (a, b, c))
        join = lib.ops.concat
        return [join([x, y]), join([x, y, x], axis=0), join([x, z], axis=1), join([z, x], axis=-1), join([x])]

    parity(values, "concat")


@pytest.mark.points(1)
@pytest.mark.title("take_rows")
@pytest.mark.task("A2.7")
@pytest.mark.part("ops.take_rows")
@pytest.mark.hint("Which ids are there for a table of three rows, and what becomes of all others?")
def test_take_rows(parity, student, rng):
    table = rng.standard_normal((6, 4))
    picks = [np.array([0, 5, 2, 2]), np.array([[0, 2, 2], [5, 2, 0]]), np.array(3), np.zeros((2, 0), dtype=int)]
    parity(lambda lib: [lib.ops.take_rows(lib.tensor.Tensor(table), ids) for ids in picks], "take_rows")
    weight = student.tensor.Tensor(table)
    for error, wrong in ((IndexError, [6]), (IndexError, [0, -1]), (TypeError, [1.0])):
        student.raises(
            error,
            lambda wrong=wrong: student.ops.take_rows(weight, np.array(wrong)),
            valid=lambda: student.ops.take_rows(weight, np.array([5, 0])),
        )
