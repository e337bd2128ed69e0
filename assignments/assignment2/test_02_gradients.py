"""Group 2: gradients under random cotangents; first the rules on arrays, then the functions on tensors."""

import numpy as np
import pytest

from tinygrade.checks.calls import Call, indexed, matrices
from tinygrade.checks.diagnosing import diagnosed, worst_entry
from tinygrade.checks.gradients import compare_gradient, largest_entry
from tinygrade.diagnosis.observations import GradientMismatch
from tinygrade.failures import StudentFailure

SOFTMAX, LOG_SOFTMAX, CROSS_ENTROPY = "test_softmax", "test_log_softmax", "test_cross_entropy"
SOFTMAX_RULE, CROSS_ENTROPY_RULE, LAYER_NORM_RULE = (
    "test_softmax_vjp",
    "test_cross_entropy_vjp",
    "test_layer_norm_vjp",
)


#: Whether gradients share memory is a question to the walk over the graph, which assignment 1 judges.
ALLOWED = ("gradient-aliased",)


def backward(gradcheck, op, calls, **options):
    """Gradients only: a wrong value is held against the student elsewhere."""
    gradcheck.calls(op, calls, verdict="backward", allow=ALLOWED, **options)


def probabilities(x):
    """Rows that sum to one, made here so that the rule is judged without the student's softmax."""
    e = np.exp(x)
    return e / e.sum(axis=-1, keepdims=True)


@pytest.mark.points(3)
@pytest.mark.title("softmax_vjp")
@pytest.mark.task("A2.2")
@pytest.mark.part("functional.softmax_vjp")
@pytest.mark.hint("Raise all logits of a row alike: what changes, and what must the gradients of the row sum to?")
def test_softmax_vjp(gradcheck, rng):
    shapes = {"": (3, 5), "one row": (4,), "three axes": (2, 3, 4), "square": (4, 4)}
    calls = [
        Call([rng.standard_normal(shape), probabilities(rng.standard_normal(shape))], label=label)
        for label, shape in shapes.items()
    ]
    gradcheck.calls("functional.softmax_vjp", calls, wrt=(), verdict="forward")


@pytest.mark.points(3)
@pytest.mark.title("cross_entropy_vjp")
@pytest.mark.task("A2.2")
@pytest.mark.part("functional.cross_entropy_vjp")
@pytest.mark.hint("One row, two classes, by hand: what is the gradient at the target, and what at the other one?")
def test_cross_entropy_vjp(gradcheck, rng):
    logits, targets = masked(rng)
    outside = np.where(targets == 0, -100, targets)
    calls = [
        Call([1.0, logits, targets]),
        Call([-1.7, logits[0], targets[0]], label="g is not 1"),
        Call([-1.7, logits, targets], {"ignore_index": 0}, "0 is ignored"),
        Call([0.3, logits, targets], {"ignore_index": 3}, "3 is ignored"),
        Call([0.3, logits, outside], {"ignore_index": -100}, "-100 is ignored"),
    ]
    gradcheck.calls("functional.cross_entropy_vjp", calls, wrt=(), verdict="forward")


def masked(rng):
    """Logits (3, 4, 5) and targets of which id 0 stands behind the end of two sequences."""
    logits, targets = 2.0 * rng.standard_normal((3, 4, 5)), rng.integers(1, 5, (3, 4))
    targets[0, 1:], targets[1, 3] = 0, 0
    return logits, targets


@pytest.mark.points(4)
@pytest.mark.title("layer_norm_vjp")
@pytest.mark.task("A2.2")
@pytest.mark.part("functional.layer_norm_vjp")
@pytest.mark.hint("Move one x of a row. By how many ways does that reach another output of the row?")
def test_layer_norm_vjp(parity, rng):
    weight = 1.0 + 0.5 * rng.standard_normal(4)
    for label, shape, eps in (("", (5, 4), None), (" on three axes", (2, 3, 4), None), (" with eps 0.5", (4, 4), 0.5)):
        g, x = rng.standard_normal(shape), 2.0 * rng.standard_normal(shape) + 1.0
        kwargs = {} if eps is None else {"eps": eps}
        parity(
            lambda lib, g=g, x=x, kwargs=kwargs: lib.functional.layer_norm_vjp(g, x, weight, **kwargs),
            f"dx, dweight, dbias of layer_norm_vjp{label}",
            about="functional.layer_norm_vjp",
            inputs={"g": g, "x": x, "weight": weight, **kwargs},
        )


@pytest.mark.points(2)
@pytest.mark.title("gradient of softmax")
@pytest.mark.task("A2.1")
@pytest.mark.where("functional.softmax")
@pytest.mark.given(SOFTMAX_RULE)
@pytest.mark.needs(SOFTMAX)
@pytest.mark.hint("Along which axis do the outputs depend on each other, and along which does your backward sum?")
def test_softmax_gradient(gradcheck, rng):
    backward(gradcheck, "functional.softmax", along_axes(rng))


@pytest.mark.points(2)
@pytest.mark.title("gradient of log_softmax")
@pytest.mark.task("A2.1")
@pytest.mark.where("functional.log_softmax")
@pytest.mark.given(SOFTMAX, SOFTMAX_RULE)
@pytest.mark.needs(LOG_SOFTMAX)
@pytest.mark.hint("By how many ways does one logit reach the outputs of its row?")
def test_log_softmax_gradient(gradcheck, rng):
    backward(gradcheck, "functional.log_softmax", along_axes(rng))


def along_axes(rng):
    calls = [Call([2.0 * rng.standard_normal((2, 3, 4))]), Call([2.0 * rng.standard_normal(5)], label="one row")]
    for shape, axis in (((3, 4), 0), ((2, 4, 3), 1), ((4, 4), 1), ((4, 4), 0)):
        calls.append(Call([2.0 * rng.standard_normal(shape)], {"axis": axis}, f"{shape}, along axis {axis}"))
    return calls


@pytest.mark.points(2)
@pytest.mark.title("gradient of cross_entropy")
@pytest.mark.task("A2.1")
@pytest.mark.part("functional.cross_entropy")
@pytest.mark.given(CROSS_ENTROPY_RULE, SOFTMAX, LOG_SOFTMAX)
@pytest.mark.needs(CROSS_ENTROPY)
@pytest.mark.hint("Which rows get a gradient, and by which number is the sum of the losses divided?")
def test_cross_entropy_gradient(gradcheck, rng):
    logits, targets = masked(rng)
    calls = [
        Call([logits, targets]),
        Call([logits, targets], {"ignore_index": 0}, "0 is ignored"),
        Call([logits, targets], {"ignore_index": 3}, "3 is ignored"),
    ]
    backward(gradcheck, "functional.cross_entropy", calls)


@pytest.mark.points(2)
@pytest.mark.title("gradient of gelu")
@pytest.mark.task("A2.1")
@pytest.mark.where("functional.gelu")
@pytest.mark.needs("test_gelu")
@pytest.mark.hint("How often does x stand in the formula? Which of these places has your derivative seen?")
def test_gelu_gradient(gradcheck, rng):
    grid = Call([np.linspace(-4.0, 4.0, 17)], label="from -4 to 4")
    backward(gradcheck, "functional.gelu", [grid, Call([rng.standard_normal((2, 3, 4))], label="three axes")])


@pytest.mark.points(2)
@pytest.mark.title("gradient of layer_norm")
@pytest.mark.task("A2.1")
@pytest.mark.part("functional.layer_norm")
@pytest.mark.given(LAYER_NORM_RULE)
@pytest.mark.needs("test_layer_norm")
@pytest.mark.hint("Which parameters are 1 or 0 only at the beginning, and how many positions share each of them?")
def test_layer_norm_gradient(gradcheck, rng):
    weight, bias = 1.0 + 0.5 * rng.standard_normal(4), rng.standard_normal(4)
    calls = [
        Call([2.0 * rng.standard_normal(shape) + 1.0, weight, bias], kwargs, label)
        for label, shape, kwargs in (("", (5, 4), {}), ("three axes", (2, 3, 4), {}), ("eps 0.5", (4, 4), {"eps": 0.5}))
    ]
    backward(gradcheck, "functional.layer_norm", calls, wrt=(0, 1, 2))


@pytest.mark.points(2)
@pytest.mark.title("gradient of Linear")
@pytest.mark.task("A2.3")
@pytest.mark.where("nn.Linear")
@pytest.mark.needs("test_linear")
@pytest.mark.hint("Write the shapes of x, weight and the incoming gradient side by side. Which product fits each?")
def test_linear_gradient(student, reference, grading, rng):
    for shape, out, has_bias in (((5, 4), 3, True), ((2, 3, 4), 4, True), ((2, 3, 4), 2, False)):
        g = rng.standard_normal((*shape[:-1], out))
        inputs = {"x": rng.standard_normal(shape), "weight": rng.standard_normal((out, 4))}
        if has_bias:
            inputs["bias"] = rng.standard_normal(out)
        got, expected = (lib.fetch(linear_gradients(lib, inputs, g)) for lib in (student, reference))
        require_gradients(got, {name: np.array(value) for name, value in expected.items()}, inputs, g, grading)


def linear_gradients(lib, inputs, g):
    """Of x and of the parameters of a Linear with these weights."""
    x = lib.tensor.Tensor(inputs["x"], requires_grad=True)
    out = len(inputs["weight"])
    layer = lib.nn.Linear(4, out, bias="bias" in inputs, rng=lib.generator(0))
    lib.write(layer, {name: value for name, value in inputs.items() if name != "x"})
    layer(x).backward(g)
    return {name: x.grad if name == "x" else getattr(layer, name).grad for name in inputs}


def require_gradients(got, expected, inputs, g, grading):
    """Like gradcheck, for a layer: what is known of functional.linear tells what is wrong with it."""
    arguments = (*inputs.values(), *([] if "bias" in inputs else [None]))
    for position, (name, right) in enumerate(expected.items()):
        mine = got.get(name) if type(got) is dict else None
        try:
            before = f"Linear(x) for x of shape {inputs['x'].shape}: "
            compare_gradient(mine, right, before, name, largest_entry(expected.values()))
        except StudentFailure as failure:
            seen = GradientMismatch("functional.linear", name, position, mine, right, arguments, {}, g)
            facts = {"argument": name, **worst_entry(mine, right)}
            raise diagnosed(failure, grading.catalogue, seen, facts) from None


@pytest.mark.points(2)
@pytest.mark.title("gradient of matmul of batches")
@pytest.mark.task("A2.7")
@pytest.mark.where("ops.matmul")
@pytest.mark.needs("test_matmul")
@pytest.mark.hint("Which two axes does a transposed factor swap, and what became of a matrix that served every batch?")
def test_matmul_gradient(gradcheck, rng):
    backward(gradcheck, "ops.matmul", matrices(rng, batched=True), wrt=(0, 1))


@pytest.mark.points(1)
@pytest.mark.title("gradient of concat")
@pytest.mark.task("A2.7")
@pytest.mark.where("ops.concat")
@pytest.mark.needs("test_concat")
@pytest.mark.hint("Which part of the incoming gradient belongs to the second tensor? And if it stands there twice?")
def test_concat_gradient(gradcheck, rng):
    x, y, z, w = (rng.standard_normal(shape) for shape in ((2, 3), (4, 3), (1, 3), (2, 5)))
    three = [Call([x, y, z], label="three tensors")]
    backward(gradcheck, lambda lib: lambda a, b, c: lib.ops.concat([a, b, c]), three, wrt=(0, 1, 2), name="concat")
    for axis in (1, -1):
        two = [Call([x, w], label=f"axis {axis}"), Call([w, x], label=f"axis {axis}")]
        joined = lambda lib, axis=axis: lambda a, b: lib.ops.concat([a, b], axis=axis)  # noqa: E731
        backward(gradcheck, joined, two, wrt=(0, 1), name="concat")
    twice = [Call([x, x], label="one tensor twice", wrt=((0, 1),))]
    backward(gradcheck, lambda lib: lambda a, b: lib.ops.concat([a, b]), twice, name="concat")


@pytest.mark.points(1)
@pytest.mark.title("gradient of take_rows")
@pytest.mark.task("A2.7")
@pytest.mark.part("ops.take_rows")
@pytest.mark.needs("test_take_rows")
@pytest.mark.hint("A row is picked twice, another never: how much gradient does each of them get?")
def test_take_rows_gradient(gradcheck, rng):
    single = Call([rng.standard_normal((6, 4)), np.array(3)], label="one id")
    backward(gradcheck, "ops.take_rows", [*indexed(rng, 6, 4), single])
