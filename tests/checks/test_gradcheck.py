"""The gradient check is tested with wrong backwards: every one is caught at every seed, and no right one accused."""

import itertools

import numpy as np
import pytest

from tinygrade.checks.gradcheck import GradCheck, compare_gradients
from tinygrade.failures import StudentFailure
from tinygrade.worker.routines import Surface, vjp

SEEDS = range(20)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def normed(x):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)


def softmax_back(g, x):
    p = softmax(x)
    return (p * (g - (g * p).sum(-1, keepdims=True)),)


def normed_back(g, x):
    n, rstd = normed(x), 1 / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    return (rstd * (g - g.mean(-1, keepdims=True) - n * (g * n).mean(-1, keepdims=True)),)


def losses(x):
    """Mean cross entropy with the first columns as targets."""
    return -np.log(softmax(x)[np.arange(len(x)), np.arange(len(x))]).mean()


def loss_back(g, x):
    return (g * (softmax(x) - np.eye(*x.shape)) / len(x),)


PICKED = np.array([0, 2, 2, 1, 2])


def pick_back(g, x):
    dx = np.zeros_like(x)
    np.add.at(dx, PICKED, g)
    return (dx,)


def overwritten(g, x):
    dx = np.zeros_like(x)
    dx[PICKED] = g
    return (dx,)


def gelu(x):
    return 0.5 * x * (1 + np.tanh(0.8 * x))


def gelu_back(g, x):
    t = np.tanh(0.8 * x)
    return (g * (0.5 * (1 + t) + 0.4 * x * (1 - t * t)),)


def entry_off(rule, by):
    def wrong(g, *xs):
        first, *others = rule(g, *xs)
        first = np.array(first)
        first.flat[first.size // 2] += by
        return (first, *others)

    return wrong


def scaled(rule, by):
    return lambda g, *xs: tuple(by * dx for dx in rule(g, *xs))


#: name -> forward, backward, shapes of the inputs.
OPS = {
    "exp": (np.exp, lambda g, x: (g * np.exp(x),), [(3, 4)]),
    "mul": (lambda a, b: a * b, lambda g, a, b: (g * b, g * a), [(2, 3), (2, 3)]),
    "sub": (lambda a, b: a - b, lambda g, a, b: (g, -g), [(2, 3), (2, 3)]),
    "div": (lambda a, b: a / b, lambda g, a, b: (g / b, -g * a / b**2), [(3,), (3,)]),
    "matmul": (lambda a, b: a @ b, lambda g, a, b: (g @ b.T, a.T @ g), [(3, 3), (3, 3)]),
    "rectangular matmul": (lambda a, b: a @ b, lambda g, a, b: (g @ b.T, a.T @ g), [(2, 3), (3, 4)]),
    "add row": (lambda a, b: a + b, lambda g, a, b: (g, g.sum(0)), [(4, 3), (3,)]),
    "sum": (np.sum, lambda g, x: (np.full(x.shape, g),), [(2, 3)]),
    "mean": (lambda x: x.mean(-1), lambda g, x: (np.repeat(g[:, None], 3, 1) / 3,), [(2, 3)]),
    "transpose": (np.transpose, lambda g, x: (g.T,), [(3, 3)]),
    "relu": (lambda x: np.maximum(x, 0), lambda g, x: (g * (x > 0),), [(4, 4)]),
    "gelu": (gelu, gelu_back, [(3, 4)]),
    "softmax": (softmax, softmax_back, [(3, 4)]),
    "layer norm": (normed, normed_back, [(3, 5)]),
    "cross entropy": (losses, loss_back, [(3, 5)]),
    "embedding": (lambda x: x[PICKED], pick_back, [(3, 2)]),
    "scalar": (lambda x: x * x, lambda g, x: (2 * g * x,), [()]),
    "0-d output": (lambda x: (x**2).sum(), lambda g, x: (2 * g * x,), [(3, 4)]),
    "bias without effect": (
        lambda x, b: softmax(x + b),
        lambda g, x, b: (softmax_back(g, x)[0], 0.0 * b),
        [(3, 4), ()],
    ),
}
#: name of the mistake -> op, wrong backward.
WRONG = {
    "zero": ("exp", lambda g, x: (np.zeros_like(x),)),
    "zero softmax": ("softmax", lambda g, x: (np.zeros_like(x),)),
    "sign": ("exp", lambda g, x: (-g * np.exp(x),)),
    "sign of the second": ("sub", lambda g, a, b: (g, g)),
    "factor 2": ("exp", lambda g, x: (2 * g * np.exp(x),)),
    "factor missing": ("scalar", lambda g, x: (g * x,)),
    "ones instead of g": ("exp", lambda g, x: (np.exp(x),)),
    "ones from a sum": ("sum", lambda g, x: (np.ones_like(x),)),
    "mean of g": ("exp", lambda g, x: (g.mean() * np.exp(x),)),
    "g passed on": ("exp", lambda g, x: (g,)),
    "inputs swapped": ("mul", lambda g, a, b: (g * a, g * b)),
    "gradient of the first only": ("mul", lambda g, a, b: (g * b, np.zeros_like(b))),
    "square missing": ("div", lambda g, a, b: (g / b, -g * a / b)),
    "transposed": ("transpose", lambda g, x: (g,)),
    "matmul not transposed": ("matmul", lambda g, a, b: (g @ b, a @ g)),
    "matmul result transposed": ("matmul", lambda g, a, b: ((g @ b.T).T, a.T @ g)),
    "broadcasting averaged": ("add row", lambda g, a, b: (g, g.mean(0))),
    "broadcasting: the last row": ("add row", lambda g, a, b: (g, g[-1])),
    "broadcasting forgotten": ("add row", lambda g, a, b: (g, g)),
    "un-normalised mean": ("mean", lambda g, x: (np.repeat(g[:, None], 3, 1),)),
    "mean of the wrong axis": ("mean", lambda g, x: (np.repeat(g[:, None], 3, 1) / 2,)),
    "relu of g": ("relu", lambda g, x: (np.maximum(g, 0),)),
    "relu passes everything": ("relu", lambda g, x: (g,)),
    "relu of the other side": ("relu", lambda g, x: (g * (x < 0),)),
    "gelu without product rule": ("gelu", lambda g, x: (g * 0.5 * (1 + np.tanh(0.8 * x)),)),
    "diagonal-only softmax": ("softmax", lambda g, x: (g * softmax(x) * (1 - softmax(x)),)),
    "softmax over the wrong axis": ("softmax", lambda g, x: (softmax(x) * (g - (g * softmax(x)).sum(0)),)),
    "softmax without the factor": ("softmax", lambda g, x: (g - (g * softmax(x)).sum(-1, keepdims=True),)),
    "norm without centering": (
        "layer norm",
        lambda g, x: (
            (g - normed(x) * (g * normed(x)).mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5),
        ),
    ),
    "norm without the variance": (
        "layer norm",
        lambda g, x: ((g - g.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5),),
    ),
    "norm without epsilon": (
        "layer norm",
        lambda g, x: (
            normed_back(g, x)[0] * np.sqrt(x.var(-1, keepdims=True) + 1e-5) / np.sqrt(x.var(-1, keepdims=True)),
        ),
    ),
    "norm un-normalised": (
        "layer norm",
        lambda g, x: (normed_back(g, x)[0] * np.sqrt(x.var(-1, keepdims=True) + 1e-5),),
    ),
    "loss not averaged": ("cross entropy", lambda g, x: (g * (softmax(x) - np.eye(*x.shape)),)),
    "loss without targets": ("cross entropy", lambda g, x: (g * softmax(x) / len(x),)),
    "loss ignores g": ("cross entropy", lambda g, x: ((softmax(x) - np.eye(*x.shape)) / len(x),)),
    "repeated index overwritten": ("embedding", overwritten),
    "repeated index counted once": ("embedding", lambda g, x: (pick_back(g, x)[0] / np.array([[1], [1], [3]]),)),
    "one entry off by 1e-3": ("exp", entry_off(OPS["exp"][1], 1e-3)),
    "one entry off by 1e-5": ("softmax", entry_off(softmax_back, 1e-5)),
    "1 % too large": ("layer norm", scaled(normed_back, 1.01)),
    "1e-5 too small": ("gelu", scaled(gelu_back, 1 - 1e-5)),
    "half precision": ("exp", lambda g, x: ((np.float16(g) * np.exp(np.float16(x))).astype(np.float64),)),
    "NaN": ("exp", lambda g, x: (np.full(x.shape, np.nan),)),
    "one NaN": ("exp", entry_off(OPS["exp"][1], np.nan)),
    "infinity": ("exp", entry_off(OPS["exp"][1], np.inf)),
    "overflow": ("exp", lambda g, x: (np.full(x.shape, 1.7e308),)),
    "None": ("exp", lambda g, x: (None,)),
    "None for the second": ("mul", lambda g, a, b: (g * b, None)),
    "too few": ("mul", lambda g, a, b: (g * b,)),
    "wrong shape": ("exp", lambda g, x: ((g * np.exp(x)).reshape(-1),)),
    "one axis more": ("exp", lambda g, x: ((g * np.exp(x))[None],)),
    "broadcastable shape": ("sum", lambda g, x: (np.array(g),)),
    "summed to a number": ("exp", lambda g, x: (float((g * np.exp(x)).sum()),)),
    "a list": ("exp", lambda g, x: ((g * np.exp(x)).tolist(),)),
    "integers": ("exp", lambda g, x: ((g * np.exp(x)).astype(np.int64),)),
    "text": ("exp", lambda g, x: ("gradient",)),
    "a bias that has no effect gets one": (
        "bias without effect",
        lambda g, x, b: (softmax_back(g, x)[0], b * 0 + 1e-3),
    ),
    "0-d output, ones": ("0-d output", lambda g, x: (2 * x,)),
}


class Library:
    """What the check needs of a package, with one function: its forward and its backward."""

    def __init__(self, forward, backward):
        self.forward, self.backward = forward, backward
        self.cotangents = []

    def fetch(self, value):
        return value

    def as_tensor(self, array):
        return np.array(array)

    def vjp(self, f, args, cotangent, wrt=(0,), **kwargs):
        self.cotangents.append(cotangent)
        inputs = [np.array(a) if i in wrt else a for i, a in enumerate(args)]
        grads = self.backward(np.array(cotangent), *inputs)
        return {"output": f(*inputs, **kwargs), "grads": [grads[i] if i < len(grads) else None for i in wrt]}


def run(op, seed, backward=None, forward=None):
    right_forward, right_backward, shapes = OPS[op]
    rng = np.random.default_rng(seed)
    args = [rng.standard_normal(shape) for shape in shapes]
    student = Library(forward or right_forward, backward or right_backward)
    check = GradCheck(student, Library(right_forward, right_backward), rng)
    check(lambda lib: lib.forward, args, wrt=range(len(args)), name=op)
    return student


@pytest.mark.parametrize("op", OPS)
def test_right_backwards_are_never_accused(op):
    for seed in SEEDS:
        run(op, seed)


@pytest.mark.parametrize("mistake", WRONG)
def test_wrong_backwards_are_always_caught(mistake):
    op, backward = WRONG[mistake]
    for seed in SEEDS:
        with pytest.raises(StudentFailure, match="gradient"):
            run(op, seed, backward)


def test_a_right_backward_that_adds_in_another_order_is_not_accused():
    def reordered(g, x):
        dx = np.zeros_like(x)
        for i in reversed(range(len(PICKED))):
            dx[PICKED[i]] += g[i]
        return (dx + 1e-16,)

    for seed in SEEDS:
        run("embedding", seed, reordered)
        run("layer norm", seed, lambda g, x: (normed_back(g * 3, x)[0] / 3,))


@pytest.mark.parametrize(
    "forward", [lambda x: np.exp(x) + 1e-5, lambda x: np.exp(x)[None], lambda x: None, lambda x: np.exp(x).tolist()]
)
def test_a_wrong_value_is_caught_first(fails, forward):
    with fails("exp") as caught:
        run("exp", 0, forward=forward)
    assert "gradient" not in caught.failure.message


def test_the_cotangent_is_random_and_of_the_shape_of_the_value():
    for op, shape in (("matmul", (3, 3)), ("0-d output", ()), ("embedding", (5, 2))):
        first, second = (run(op, seed).cotangents[0] for seed in (1, 2))
        assert np.shape(first) == shape
        assert not np.array_equal(first, second)
        assert not np.allclose(first, 1.0)
        assert np.unique(first).size == np.size(first)


@pytest.mark.parametrize(
    "answer",
    [
        *(None, 3, "text", [], [1, 2], {}, {"output": np.zeros(2)}, {"grads": []}),
        *({"output": np.exp(np.zeros(2)), "grads": 3}, {"output": np.exp(np.zeros(2)), "grads": None}),
        *({"output": np.exp(np.zeros(2)), "grads": {}}, {"output": np.exp(np.zeros(2)), "grads": []}),
        {"output": np.exp(np.zeros(2)), "grads": ["a"]},
    ],
)
def test_an_answer_that_is_none_is_the_students_failure(fails, answer):
    student = Library(np.exp, None)
    student.vjp = lambda *args: answer
    check = GradCheck(student, Library(np.exp, OPS["exp"][1]), np.random.default_rng(0))
    with fails("exp"):
        check(lambda lib: lib.forward, [np.zeros(2)], name="exp")


def test_the_message_names_the_argument(fails):
    student = Library(OPS["sub"][0], lambda g, a, b: (g, g))
    check = GradCheck(student, Library(*OPS["sub"][:2]), np.random.default_rng(0))
    args = [np.ones(2), np.ones(2)]
    with fails("subtraction: the gradient of b"):
        check(lambda lib: lib.forward, args, wrt=(0, 1), name="subtraction", arguments=("a", "b"))
    with fails("subtraction: the gradient of argument 2"):
        check(lambda lib: lib.forward, args, wrt=(0, 1), name="subtraction")


# ---- the reference as both sides ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_reference_passes_its_own_check(reference, seed):
    rng = np.random.default_rng(seed)
    check = GradCheck(reference, reference, rng)
    x = rng.standard_normal((3, 4))
    for function in (lambda lib: lib.functional.softmax, lambda lib: lib.functional.gelu, lambda lib: lib.ops.exp):
        check(function, [x], name="it")
    check(lambda lib: lib.ops.matmul, [x, x.T.copy()], wrt=(0, 1), name="matmul")
    check(lambda lib: lib.ops.mul, [x, 3.0], wrt=(0,), name="mul")


class Tensor:
    """A tape for products; `adds` tells whether gradients add up where a tensor is used twice."""

    adds = True

    def __init__(self, data, requires_grad=True, parents=()):
        self.data, self.grad, self.parents = np.array(data), None, parents

    def __mul__(self, other):
        return type(self)(self.data * other.data, parents=((self, other.data), (other, self.data)))

    def backward(self, g):
        self.grad = g if self.grad is None or not self.adds else self.grad + g
        for parent, factor in self.parents:
            parent.backward(g * factor)


class Overwriting(Tensor):
    adds = False


class Taped(Library):
    def __init__(self, tensor, function):
        self.surface, self.forward = Surface(lambda: tensor, []), function

    def as_tensor(self, array):
        return self.surface.tensor(array)

    def fetch(self, value):
        return value.data

    def vjp(self, f, args, cotangent, wrt=(0,), **kwargs):
        return vjp(self.surface, f, args, cotangent, wrt, kwargs)


@pytest.mark.parametrize("function", [lambda x: x * x, lambda x: x * x * x, lambda x: (x * x) * (x * x)])
def test_a_tape_that_overwrites_on_reuse_is_caught(fails, function):
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        args = [rng.standard_normal(3)]
        right, wrong = Taped(Tensor, function), Taped(Overwriting, function)
        GradCheck(right, right, rng)(lambda lib: lib.forward, args, name="power")
        with fails("power: the gradient of argument 1"):
            GradCheck(wrong, right, rng)(lambda lib: lib.forward, args, name="power")


# ---- gradients by name -------------------------------------------------------------------------------


def test_a_gradient_that_should_be_zero_may_be_rounding(fails):
    expected = {"weight": np.full(3, 10.0), "key bias": np.zeros(3)}
    compare_gradients({"weight": np.full(3, 10.0), "key bias": np.full(3, 1e-10)}, expected, "step")
    with fails("step: the gradient of key bias"):
        compare_gradients({"weight": np.full(3, 10.0), "key bias": np.full(3, 1e-6)}, expected, "step")


def test_rounding_grows_with_the_largest_of_all_gradients(fails):
    expected = {"weight": np.full(3, 1e6), "key bias": np.zeros(3)}
    compare_gradients({**expected, "key bias": np.full(3, 9e-6)}, expected, "step")
    with fails("step: the gradient of key bias"):
        compare_gradients({**expected, "key bias": np.full(3, 1.1e-5)}, expected, "step")


def test_small_gradients_are_judged_by_their_own_size(fails):
    expected = {"small": np.full(3, 1e-2)}
    with fails("small"):
        compare_gradients({"small": np.full(3, 1e-2 * (1 + 1e-5))}, expected, "step")


def test_the_first_wrong_one_is_named_and_more_than_expected_is_ignored(fails):
    names = ("a", "b", "c")
    expected = {name: np.ones(2) for name in names}
    for first, second in itertools.combinations(names, 2):
        got = {**expected, second: np.zeros(2), first: np.zeros(2), "d": None}
        with fails(f"the gradient of {first}"):
            compare_gradients(got, expected, "step")
    compare_gradients({**expected, "d": "text"}, {**expected, "e": None}, "step")


@pytest.mark.parametrize("got", [None, 3, [], "text", np.zeros(2)])
def test_what_is_no_dict_of_gradients(fails, got):
    with fails("what came back were not gradients"):
        compare_gradients(got, {"a": np.ones(2)}, "step")
    with fails("step: a got no gradient"):
        compare_gradients({"a": None}, {"a": np.ones(2)}, "step")
