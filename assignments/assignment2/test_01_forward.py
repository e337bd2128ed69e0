"""Group 1: values, on ordinary inputs and where careless formulas overflow."""

import numpy as np
import pytest

from tinygrade.checks.calls import Call, indexed, matrices

#: Far beyond what exp() can hold, and rows of which one is far above the others.
EXTREME = np.array([[1000.0, 1001.0, 999.0], [-1000.0, -1000.0, 1000.0], [3.0, -2.0, 0.5], [-1000.0, -1001.0, -999.0]])

SOFTMAX, LOG_SOFTMAX, CROSS_ENTROPY = "test_softmax", "test_log_softmax", "test_cross_entropy"
LAYER_NORM, TAKE_ROWS = "test_layer_norm", "test_take_rows"


def along_axes(rng, inputs):
    """Calls of softmax or log_softmax along the last axis, and along every one."""
    if inputs == "extreme":
        arrays = {"large numbers": EXTREME, "a row of large numbers": EXTREME[0]}
    else:
        shapes = {"one row": (5,), "": (2, 3), "three axes": (2, 4, 3), "square": (3, 3)}
        arrays = {label: 2.0 * rng.standard_normal(shape) for label, shape in shapes.items()}
    default = [Call([x], label=label) for label, x in arrays.items()]
    chosen = [(label, x, axis) for label, x in arrays.items() for axis in range(x.ndim)]
    return default + [
        Call([x], {"axis": axis}, f"{label}, along axis {axis}".removeprefix(", ")) for label, x, axis in chosen
    ]


@pytest.mark.points(2)
@pytest.mark.title("softmax")
@pytest.mark.task("A2.1")
@pytest.mark.part("functional.softmax")
@pytest.mark.hint("Work out softmax([1000, 1000]) by hand. Which step of yours cannot do what you just did?")
@pytest.mark.parametrize("inputs", ["ordinary", "extreme"])
def test_softmax(gradcheck, rng, inputs):
    gradcheck.calls("functional.softmax", along_axes(rng, inputs), verdict="forward")


@pytest.mark.points(2)
@pytest.mark.title("log_softmax")
@pytest.mark.task("A2.1")
@pytest.mark.part("functional.log_softmax")
@pytest.mark.needs(SOFTMAX)
@pytest.mark.hint("What is the probability of the smaller of [1000, 0], and what its logarithm? Which fits in a float?")
@pytest.mark.parametrize("inputs", ["ordinary", "extreme"])
def test_log_softmax(gradcheck, rng, inputs):
    gradcheck.calls("functional.log_softmax", along_axes(rng, inputs), verdict="forward")


@pytest.mark.points(3)
@pytest.mark.title("cross_entropy")
@pytest.mark.task("A2.1")
@pytest.mark.part("functional.cross_entropy")
@pytest.mark.given(SOFTMAX, LOG_SOFTMAX)
@pytest.mark.hint("Two rows, one of them ignored: what is the loss by hand, and by which number did you divide?")
@pytest.mark.parametrize("inputs", ["ordinary", "ignored", "extreme"])
def test_cross_entropy(gradcheck, student, rng, inputs):
    logits, targets = 2.0 * rng.standard_normal((3, 4, 5)), rng.integers(0, 5, (3, 4))
    if inputs == "ordinary":
        calls = [
            Call([logits, targets]),
            Call([logits[0], targets[0]], label="one sequence"),
            Call([logits[0, 0], targets[0, 0]], label="a single position"),
        ]
    elif inputs == "ignored":
        calls = ignoring(logits, targets)
    else:
        calls = [
            Call([EXTREME, np.array([1, 0, 2, 0])], label="large numbers"),
            Call([EXTREME, np.array([0, 2, 1, 1])], {"ignore_index": 1}, "large numbers, some ignored"),
        ]
    gradcheck.calls("functional.cross_entropy", calls, verdict="forward")
    if inputs == "ignored":
        loss, z = student.functional.cross_entropy, student.tensor.Tensor(logits[0])
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
        Call([logits, mixed], {"ignore_index": 0}, "0 is ignored"),
        Call([logits, mixed], {"ignore_index": 3}, "3 is ignored"),
        Call([logits, outside], {"ignore_index": -100}, "-100 is ignored"),
        Call([logits, mixed], {"ignore_index": None}, "nothing is ignored"),
    ]


@pytest.mark.points(2)
@pytest.mark.title("gelu")
@pytest.mark.task("A2.1")
@pytest.mark.where("functional.gelu")
@pytest.mark.hint("Compare your curve with the formula's at x = 2, by calculator. From which factor on do they differ?")
def test_gelu(gradcheck, rng):
    calls = [
        Call([np.linspace(-4.0, 4.0, 33)], label="from -4 to 4"),
        Call([2.0 * rng.standard_normal((2, 3, 4))], label="three axes"),
        Call([np.array([-1000.0, 0.0, 1000.0])], label="large numbers"),
    ]
    gradcheck.calls("functional.gelu", calls, verdict="forward")


@pytest.mark.points(2)
@pytest.mark.title("layer_norm")
@pytest.mark.task("A2.1")
@pytest.mark.part("functional.layer_norm")
@pytest.mark.hint("For the row [1, 3], by hand: mean, variance, result. Over which numbers did you average?")
@pytest.mark.parametrize("inputs", ["ordinary", "far from zero"])
def test_layer_norm(gradcheck, rng, inputs):
    weight, bias = 1.0 + 0.5 * rng.standard_normal(4), rng.standard_normal(4)
    shapes = {"": (5, 4), "one row": (4,), "three axes": (2, 3, 4), "square": (4, 4)}
    calls = [
        Call([3.0 * rng.standard_normal(shape) + 1.0, weight, bias], label=label) for label, shape in shapes.items()
    ]
    calls.append(Call([rng.standard_normal((5, 4)), weight, bias], {"eps": 0.5}, "eps 0.5"))
    if inputs == "far from zero":
        calls = [Call([1e6 + rng.standard_normal((3, 4)), weight, bias], label="rows around a million")]
    gradcheck.calls("functional.layer_norm", calls, wrt=(0, 1, 2), verdict="forward")


@pytest.mark.points(1)
@pytest.mark.title("Linear, with and without bias")
@pytest.mark.task("A2.3")
@pytest.mark.where("nn.Linear")
@pytest.mark.hint("The weight is (out, in), x is (..., in): what stands beside what in the product?")
def test_linear(parity, rng):
    for label, out, has_bias in (("", 3, True), ("bias=False", 3, False), ("square", 4, True)):
        weight, bias = rng.standard_normal((out, 4)), rng.standard_normal(out)
        weights = {"weight": weight, "bias": bias} if has_bias else {"weight": weight}
        for shape in ((5, 4), (2, 3, 4), (2, 1, 2, 4)):
            x = rng.standard_normal(shape)

            def output(lib, weights=weights, out=out, x=x):
                layer = lib.nn.Linear(4, out, bias="bias" in weights, rng=lib.generator(0))
                lib.write(layer, weights)
                return layer(lib.tensor.Tensor(x))

            name = f"Linear(x) for x of shape {shape}" + (f" ({label})" if label else "")
            inputs = {"x": x, "weight": weight, "bias": bias if has_bias else None}
            parity(output, name, about="functional.linear", inputs=inputs)


@pytest.mark.points(1)
@pytest.mark.title("Embedding and LayerNorm")
@pytest.mark.task("A2.3")
@pytest.mark.where("nn.Embedding")
@pytest.mark.given(LAYER_NORM, TAKE_ROWS)
@pytest.mark.hint("Does the layer use everything that it was made with?")
def test_layers(parity, rng):
    table, ids = rng.standard_normal((6, 4)), rng.integers(0, 6, (2, 3))
    norm = {"weight": 1.0 + 0.5 * rng.standard_normal(4), "bias": rng.standard_normal(4)}
    affine = {"weight": rng.standard_normal((3, 4)), "bias": rng.standard_normal(3)}

    def projected(lib):
        layer = lib.nn.Linear(4, 3, rng=lib.generator(0))
        lib.write(layer, affine)
        return layer(lib.tensor.Tensor(table))

    def embedded(lib):
        embedding = lib.nn.Embedding(6, 4, rng=lib.generator(0))
        lib.write(embedding, {"weight": table})
        return embedding(ids)

    def normed(lib, **settings):
        layer = lib.nn.LayerNorm(4, **settings)
        lib.write(layer, norm)
        return layer(lib.tensor.Tensor(table))

    parity(embedded, "Embedding(ids)", about="ops.take_rows", inputs={"weight": table, "ids": ids})
    parity(projected, "Linear(x)", about="functional.linear", inputs={"x": table, **affine})
    parity(normed, "LayerNorm(x)", about="functional.layer_norm", inputs={"x": table, **norm})
    with_eps = {"x": table, **norm, "eps": 0.5}
    parity(lambda lib: normed(lib, eps=0.5), "LayerNorm(x), eps 0.5", about="functional.layer_norm", inputs=with_eps)


@pytest.mark.points(1)
@pytest.mark.title("matmul of batches")
@pytest.mark.task("A2.7")
@pytest.mark.where("ops.matmul")
@pytest.mark.hint("Write both shapes below each other. Which axes are multiplied, which only stand beside?")
def test_matmul(gradcheck, rng):
    gradcheck.calls("ops.matmul", matrices(rng, batched=True), wrt=(0, 1), verdict="forward")


@pytest.mark.points(1)
@pytest.mark.title("concat")
@pytest.mark.task("A2.7")
@pytest.mark.where("ops.concat")
@pytest.mark.hint("Put 0, 1, 2, ... into the first tensor: where do these numbers stand in the result?")
def test_concat(parity, rng):
    a, b, c = (rng.standard_normal(shape) for shape in ((2, 3), (4, 3), (2, 5)))
    cases = [([a, b], None), ([a, b, a], 0), ([a, c], 1), ([c, a], -1), ([a], 0)]
    for arrays, axis in cases:
        kwargs = {} if axis is None else {"axis": axis}
        shapes = " and ".join(str(part.shape) for part in arrays)
        name = f"concat of {shapes}" + ("" if axis is None else f", axis {axis}")
        parity(
            lambda lib, arrays=arrays, kwargs=kwargs: lib.ops.concat([lib.tensor.Tensor(x) for x in arrays], **kwargs),
            name,
            about="ops.concat",
            inputs={"tensors": arrays, **kwargs},
        )


@pytest.mark.points(1)
@pytest.mark.title("take_rows")
@pytest.mark.task("A2.7")
@pytest.mark.part("ops.take_rows")
@pytest.mark.hint("Which ids are there for a table of three rows, and what becomes of all others?")
def test_take_rows(gradcheck, student, rng):
    table = rng.standard_normal((6, 4))
    one, none = np.array(3), np.zeros((2, 0), dtype=int)
    calls = [*indexed(rng, 6, 4), Call([table, one], label="one id"), Call([table, none], label="no ids")]
    gradcheck.calls("ops.take_rows", calls, verdict="forward")
    weight = student.tensor.Tensor(table)
    for error, wrong in ((IndexError, [6]), (IndexError, [0, -1]), (TypeError, [1.0])):
        student.raises(
            error,
            lambda wrong=wrong: student.ops.take_rows(weight, np.array(wrong)),
            valid=lambda: student.ops.take_rows(weight, np.array([5, 0])),
        )
