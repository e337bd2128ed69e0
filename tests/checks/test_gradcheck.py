"""The gradient check is tested with wrong backwards: every one is caught at every seed, and no right one accused."""

import itertools

import numpy as np
import pytest
from wrong_backwards import OPS, PICKED, WRONG, Library, normed_back

from tinygrade.checks.gradcheck import GradCheck, compare_gradients
from tinygrade.failures import StudentFailure
from tinygrade.worker.evaluations import vjps
from tinygrade.worker.surface import Surface

SEEDS = range(20)


def run(op, seed, backward=None, forward=None, **kwargs):
    right_forward, right_backward, shapes = OPS[op]
    rng = np.random.default_rng(seed)
    args = [np.asarray(rng.standard_normal(shape)) for shape in shapes]
    student = Library(forward or right_forward, backward or right_backward)
    check = GradCheck(student, Library(right_forward, right_backward), rng)
    check(lambda lib: lib.forward, args, wrt=range(len(args)), name=op, **kwargs)
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


VALUE, STATE = np.exp(np.zeros(2)), {"inputs": [None], "output": None, "cotangent": None, "grads": [None]}
PLAIN = {"output": VALUE, "grads": [VALUE]}
WHOLE = {**PLAIN, "again": PLAIN, "after": STATE, "marked": STATE}


@pytest.mark.parametrize(
    "answer",
    [
        *(None, 3, "text", [], [1, 2], {}, {"output": np.zeros(2)}, {"grads": []}, PLAIN),
        *({**WHOLE, "grads": value} for value in (3, {}, [], None, ["a"], [None])),
        *({**WHOLE, "again": value} for value in (3, {}, None, {"output": VALUE, "grads": 3})),
        *({**WHOLE, "after": value} for value in (3, {}, None, {**STATE, "inputs": []}, {**STATE, "more": 1})),
        *({**WHOLE, "marked": value} for value in (3, {}, None, {**STATE, "grads": []}, {**STATE, "grads": "a"})),
    ],
)
def test_an_answer_that_is_none_is_the_students_failure(fails, answer):
    for answers in (answer, [answer], [answer, answer]):
        student = Library(np.exp, None)
        student.vjps = lambda f, calls, answers=answers: answers
        check = GradCheck(student, Library(np.exp, OPS["exp"][1]), np.random.default_rng(0))
        with fails():
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
        self.grad = np.array(g) if self.grad is None or not self.adds else self.grad + g
        for parent, factor in self.parents:
            parent.backward(g * factor)


class Overwriting(Tensor):
    adds = False


class Taped:
    def __init__(self, tensor, function):
        self.surface, self.forward = Surface(lambda: tensor, []), function

    def vjps(self, f, calls):
        return vjps(self.surface, f, calls)


@pytest.mark.parametrize("function", [lambda x: x * x, lambda x: x * x * x, lambda x: (x * x) * (x * x)])
def test_a_tape_that_overwrites_on_reuse_is_caught(fails, function):
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        args = [rng.standard_normal(3)]
        right, wrong = Taped(Tensor, function), Taped(Overwriting, function)
        GradCheck(right, right, rng)(lambda lib: lib.forward, args, name="power")
        with fails("power: the gradient of x"):
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
