"""Group 2: gradients under random cotangents; first the rules on arrays, then the functions on tensors."""

import numpy as np
import pytest

SOFTMAX, LOG_SOFTMAX, CROSS_ENTROPY = "test_softmax", "test_log_softmax", "test_cross_entropy"
SOFTMAX_RULE, CROSS_ENTROPY_RULE, LAYER_NORM_RULE = (
    "test_softmax_vjp",
    "test_cross_entropy_vjp",
    "test_layer_norm_vjp",
)


def probabilities(x):
    """Rows that sum to one, made here so that the rule is judged without the student's softmax."""
    e = np.exp(x)
    return e / e.sum(axis=-1, keepdims=True)


@pytest.mark.points(3)
@pytest.mark.title("softmax_vjp")
@pytest.mark.task("A2.2")
@pytest.mark.part("functional.softmax_vjp")
@pytest.mark.hint("Raise all logits of a row by the same amount: what changes, and what must the row's gradients sum to?")
def test_softmax_vjp(parity, rng):
    calls = []
    for shape in ((4,), (3, 5), (2, 3, 4), (4, 4)):
        calls.append((rng.standard_normal(shape), probabilities(rng.standard_normal(shape))))
    parity(lambda lib: [lib.functional.softmax_vjp(g, y) for g, y in calls], "softmax_vjp(g, y)")


@pytest.mark.points(3)
@pytest.mark.title("cross_entropy_vjp")
@pytest.mark.task("A2.2")
@pytest.mark.part("functional.cross_entropy_vjp")
@pytest.mark.hint("One row, two classes, by hand: what is the gradient at the target, and what at the other one?")
def test_cross_entropy_vjp(parity, rng):
    logits, targets = 2.0 * rng.standard_normal((3, 4, 5)), rng.integers(1, 5, (3, 4))
    targets[0, 1:], targets[1, 0] = 0, 0
    outside = np.where(targets == 0, -100, targets)

    def gradients(lib):
        rule = lib.functional.cross_entropy_vjp
        return [
            rule(1.0, logits, targets),
            rule(-1.7, logits[0], targets[0]),
            rule(-1.7, logits, targets, ignore_index=0),
            rule(0.3, logits, targets, ignore_index=3),
            rule(0.3, logits, outside, ignore_index=-100),
        ]

    parity(gradients, "cross_entropy_vjp(g, logits, targets)")


@pytest.mark.points(4)
@pytest.mark.title("layer_norm_vjp")
@pytest.mark.task("A2.2")
@pytest.mark.part("functional.layer_norm_vjp")
@pytest.mark.hint("Move one x of a row. By how many ways does that reach another output of the row?")
def test_layer_norm_vjp(parity, rng):
    weight = 1.0 + 0.5 * rng.standard_normal(4)
    calls = [(rng.standard_normal(shape), 2.0 * rng.standard_normal(shape) + 1.0) for shape in ((5, 4), (2, 3, 4), (4, 4))]

    def gradients(lib):
        rule = lib.functional.layer_norm_vjp
        default = [rule(g, x, weight) for g, x in calls]
        return [*default, rule(*calls[0], weight, eps=0.5)]

    parity(gradients, "layer_norm_vjp(g, x, weight)")


@pytest.mark.points(2)
@pytest.mark.title("gradient of softmax")
@pytest.mark.task("A2.1")
@pytest.mark.where("functional.softmax")
@pytest.mark.given(SOFTMAX_RULE)
@pytest.mark.needs(SOFTMAX)
@pytest.mark.hint("Along which axis do the outputs depend on each other, and along which does your backward sum?")
def test_softmax_gradient(gradcheck, rng):
    along_axes(gradcheck, rng, "softmax")


@pytest.mark.points(2)
@pytest.mark.title("gradient of log_softmax")
@pytest.mark.task("A2.1")
@pytest.mark.where("functional.log_softmax")
@pytest.mark.given(SOFTMAX, SOFTMAX_RULE)
@pytest.mark.needs(LOG_SOFTMAX)
@pytest.mark.hint("By how many ways does one logit reach the outputs of its row?")
def test_log_softmax_gradient(gradcheck, rng):
    along_axes(gradcheck, rng, "log_softmax")


def along_axes(gradcheck, rng, name):
    for shape, axis in (((2, 3, 4), -1), ((3, 4), 0), ((2, 4, 3), 1), ((4, 4), 1)):
        x = 2.0 * rng.standard_normal(shape)
        gradcheck(lambda lib: getattr(lib.functional, name), [x], name=f"{name} along axis {axis}", axis=axis)


@pytest.mark.points(2)
@pytest.mark.title("gradient of cross_entropy")
@pytest.mark.task("A2.1")
@pytest.mark.part("functional.cross_entropy")
@pytest.mark.given(CROSS_ENTROPY_RULE, SOFTMAX, LOG_SOFTMAX)
@pytest.mark.needs(CROSS_ENTROPY)
@pytest.mark.hint("Which rows get a gradient, and by which number is the sum of the losses divided?")
def test_cross_entropy_gradient(gradcheck, rng):
    logits, targets = 2.0 * rng.standard_normal((3, 4, 5)), rng.integers(1, 5, (3, 4))
    targets[0, 1:], targets[1, 0] = 0, 0
    for ignored in (None, 0, 3):
        gradcheck(
            lambda lib: lib.functional.cross_entropy,
            [logits, targets],
            name="cross_entropy" if ignored is None else f"cross_entropy that ignores {ignored}",
            arguments=("logits",),
            ignore_index=ignored,
        )


@pytest.mark.points(2)
@pytest.mark.title("gradient of gelu")
@pytest.mark.task("A2.1")
@pytest.mark.where("functional.gelu")
@pytest.mark.needs("test_gelu")
@pytest.mark.hint("How often does x stand in the formula? Which of these places has your derivative seen?")
def test_gelu_gradient(gradcheck, rng):
    gradcheck(lambda lib: lib.functional.gelu, [np.linspace(-4.0, 4.0, 17)], name="gelu")
    gradcheck(lambda lib: lib.functional.gelu, [rng.standard_normal((2, 3, 4))], name="gelu")


@pytest.mark.points(2)
@pytest.mark.title("gradient of layer_norm")
@pytest.mark.task("A2.1")
@pytest.mark.part("functional.layer_norm")
@pytest.mark.given(LAYER_NORM_RULE)
@pytest.mark.needs("test_layer_norm")
@pytest.mark.hint("Which parameters are 1 or 0 only at the beginning, and how many positions share each of them?")
def test_layer_norm_gradient(gradcheck, rng):
    weight, bias = 1.0 + 0.5 * rng.standard_normal(4), rng.standard_normal(4)
    for shape, eps in (((2, 3, 4), 1e-5), ((4, 4), 1e-5), ((5, 4), 0.5)):
        gradcheck(
            lambda lib: lib.functional.layer_norm,
            [2.0 * rng.standard_normal(shape) + 1.0, weight, bias],
            wrt=(0, 1, 2),
            name="layer_norm",
            arguments=("x", "weight", "bias"),
            eps=eps,
        )


@pytest.mark.points(2)
@pytest.mark.title("gradient of Linear")
@pytest.mark.task("A2.3")
@pytest.mark.where("nn.Linear")
@pytest.mark.needs("test_linear")
@pytest.mark.hint("Write the shapes of x, weight and the incoming gradient side by side. Which product fits each of them?")
def test_linear_gradient(parity, rng):
    sizes = [((5, 4), 3, True), ((2, 3, 4), 4, True), ((2, 3, 4), 2, False)]
    cases = []
    for shape, out, bias in sizes:
        weights = {"weight": rng.standard_normal((out, 4)), **({"bias": rng.standard_normal(out)} if bias else {})}
        cases.append((rng.standard_normal(shape), weights, rng.standard_normal((*shape[:-1], out))))

    def gradients(lib):
        found = []
        for array, weights, g in cases:
            x = lib.tensor.Tensor(array, requires_grad=True)
            layer = lib.nn.Linear(4, len(weights["weight"]), bias="bias" in weights, rng=lib.generator(0))
            lib.write(layer, weights)
            layer(x).backward(g)
            found.append({"x": x.grad, **{name: getattr(layer, name).grad for name in weights}})
        return found

    parity(gradients, "gradients of Linear")


@pytest.mark.points(2)
@pytest.mark.title("gradient of matmul of batches")
@pytest.mark.task("A2.7")
@pytest.mark.where("ops.matmul")
@pytest.mark.needs("test_matmul")
@pytest.mark.hint("Which two axes does a transposed factor swap, and what became of a matrix that served every batch?")
def test_matmul_gradient(gradcheck, rng):
    for left, right in (((2, 3, 4), (2, 4, 5)), ((2, 3, 3), (2, 3, 3)), ((3, 4), (2, 4, 5)), ((2, 1, 3, 4), (5, 4, 2))):
        gradcheck(
            lambda lib: lib.ops.matmul,
            [rng.standard_normal(left), rng.standard_normal(right)],
            wrt=(0, 1),
            name=f"matmul of {left} and {right}",
            arguments=("the left factor", "the right factor"),
        )


@pytest.mark.points(1)
@pytest.mark.title("gradient of concat")
@pytest.mark.task("A2.7")
@pytest.mark.where("ops.concat")
@pytest.mark.needs("test_concat")
@pytest.mark.hint("Which part of the incoming gradient belongs to the second tensor, and what if that stands there twice?")
def test_concat_gradient(parity, rng):
    calls = [([(2, 3), (4, 3), (1, 3)], 0, (7, 3)), ([(2, 3), (2, 5)], 1, (2, 8)), ([(2, 1, 3), (2, 1, 2)], -1, (2, 1, 5))]
    drawn = [([rng.standard_normal(s) for s in shapes], axis, rng.standard_normal(out)) for shapes, axis, out in calls]
    twice = rng.standard_normal((4, 3))

    def gradients(lib):
        found = []
        for arrays, axis, g in drawn:
            parts = [lib.tensor.Tensor(array, requires_grad=True) for array in arrays]
            lib.ops.concat(parts, axis=axis).backward(g)
            found.append([part.grad for part in parts])
        x = lib.tensor.Tensor(drawn[0][0][0], requires_grad=True)
        lib.ops.concat([x, x]).backward(twice)
        return [*found, x.grad]

    parity(gradients, "gradients of concat")


@pytest.mark.points(1)
@pytest.mark.title("gradient of take_rows")
@pytest.mark.task("A2.7")
@pytest.mark.part("ops.take_rows")
@pytest.mark.needs("test_take_rows")
@pytest.mark.hint("A row is picked twice, another never: how much gradient does each of them get?")
def test_take_rows_gradient(gradcheck, rng):
    table = rng.standard_normal((6, 4))
    for ids in (np.array([[0, 2, 2], [5, 2, 0]]), np.array([1, 1, 1]), np.array(3)):
        gradcheck(lambda lib: lib.ops.take_rows, [table, ids], name="take_rows", arguments=("the table",))
