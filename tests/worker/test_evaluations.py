"""What the worker tells of an evaluation: arrays from which the trusted side sees mutation, chance and sharing."""

import numpy as np
import pytest

from tinygrade.worker.evaluations import evaluate, laid_out, vjps
from tinygrade.worker.surface import Surface

X, G = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[10.0, -1.0], [0.5, 2.0]])


class Tensor:
    """A leaf or a product; `backward` leaves its gradient where the test wants."""

    def __init__(self, data, requires_grad=False, parents=(), pull=None):
        self.data, self.grad, self.parents, self.pull = data, None, parents, pull

    def backward(self, g):
        for parent, gradient in zip(self.parents, self.pull(g), strict=True):
            parent.grad = gradient if parent.grad is None else parent.grad + gradient


SURFACE = Surface(lambda: Tensor, [])


def times(a, b):
    return Tensor(a.data * b.data, parents=(a, b), pull=lambda g: (g * b.data, g * a.data))


def asked(f, inputs=(X, X + 1), wrt=((0,), (1,))):
    return evaluate(SURFACE, f, list(inputs), wrt, {}, G, (7.5, 8.5)[: len(wrt)])


def test_value_and_gradients_of_two_fresh_evaluations():
    got = asked(times)
    for one in (got, got["again"]):
        assert np.array_equal(one["output"], X * (X + 1))
        assert np.array_equal(one["grads"][0], G * (X + 1))
        assert np.array_equal(one["grads"][1], G * X)
    assert np.array_equal(got["after"]["cotangent"], G)
    assert [np.array_equal(a, b) for a, b in zip(got["after"]["inputs"], (X, X + 1), strict=True)] == [True, True]
    assert [np.unique(g).tolist() for g in got["marked"]["grads"]] == [[7.5], [8.5]]


def test_one_tensor_at_two_positions():
    got = asked(times, (X, X), ((0, 1),))
    assert np.array_equal(got["grads"][0], 2 * G * X)
    assert len(got["grads"]) == 1


def test_a_value_alone():
    got = evaluate(SURFACE, times, [X, X], [[0], [1]], {})
    assert set(got) == {"output", "grads"}
    assert got["grads"] is None
    plain = evaluate(SURFACE, lambda x: 3.0, [X], [[0]], {})
    assert plain["output"] == 3.0


def test_a_cotangent_that_does_not_fit_is_not_pulled_back():
    wide = asked(lambda a, b: Tensor(np.zeros(3), parents=(a,), pull=lambda g: 1 / 0))
    assert wide["grads"] is None
    assert wide["output"].shape == (3,)


def test_a_result_without_a_graph_is_an_error():
    with pytest.raises(TypeError, match="returned ndarray, expected Tensor"):
        asked(lambda a, b: a.data)


def test_sharing_shows_in_the_marked_state_and_not_before():
    shared = asked(lambda a, b: Tensor(a.data + b.data, parents=(a, b), pull=lambda g: (g, g)))
    assert np.array_equal(shared["after"]["cotangent"], G)
    assert np.unique(shared["marked"]["cotangent"]).tolist() == [8.5]
    assert np.unique(shared["marked"]["grads"][0]).tolist() == [8.5]
    assert np.array_equal(shared["grads"][0], G), "the gradients were sent as they were"


def test_mutation_shows():
    def spoiling(a, b):
        a.data += 1.0
        return Tensor(a.data * 1.0, parents=(a, b), pull=lambda g: (g.__imul__(2.0) + 0, 0 * g))

    got = asked(spoiling)
    assert np.array_equal(got["after"]["inputs"][0], X + 1)
    assert np.array_equal(got["after"]["cotangent"], 2 * G)
    assert np.array_equal(got["again"]["output"], got["output"]), "the second evaluation has inputs of its own"
    assert X[0, 0] == 1.0
    assert G[0, 0] == 10.0


@pytest.mark.parametrize("gradient", [None, "text", 3.0, [1.0], np.arange(4), np.broadcast_to(1.0, (2, 2))])
def test_any_gradient_can_be_told(gradient):
    got = asked(lambda a, b: Tensor(X, parents=(a, b), pull=lambda g: (gradient, g + 0)))
    assert type(got["grads"][0]) is type(gradient)


@pytest.mark.parametrize("layout", ["C", "F", "strided"])
def test_layouts_change_memory_and_not_numbers(layout):
    for array in (X, np.zeros((2, 3, 4)), np.array(3.0), np.arange(5)):
        made = laid_out(array, layout)
        assert np.array_equal(made, array)
        assert not np.shares_memory(made, array)
        assert made.dtype == array.dtype
    assert laid_out(X, "C").flags.c_contiguous
    assert laid_out(X, "F").flags.f_contiguous
    strided = laid_out(X, "strided").flags
    assert not strided.c_contiguous
    assert not strided.f_contiguous
    assert laid_out("axis", layout) == "axis"


def test_gradients_of_tensors_that_are_tensors():
    got = asked(lambda a, b: Tensor(X, parents=(a, b), pull=lambda g: (Tensor(g * 2), Tensor(g * 3))))
    assert np.array_equal(got["grads"][1], 3 * G)


class Other:
    """Another package's words, and no keyword for leaves."""

    def __init__(self, value):
        self.value, self.slope = np.array(value), None

    def trace(self, g):
        self.slope = g * 1.0


def test_names_of_another_package():
    surface = Surface(lambda: Other, [], data="value", grad="slope", backward="trace", requires_grad="")
    got = evaluate(surface, lambda x: x, [X], [[0]], {}, G, (1.5,))
    assert np.array_equal(got["grads"][0], G)
    assert surface.is_leaf(Other(1.0))


# ---- programs --------------------------------------------------------------------------------------


def test_a_program_runs_like_the_function_that_it_writes_down():
    class Module:
        times = staticmethod(times)

    steps = [
        ["constant", 0],
        ["get", ["at", 2], "times"],
        ["call", ["at", 3], [["at", 0], ["at", 1]], {}],
        ["call", ["at", 3], [["at", 4], ["at", 0]], {}],
    ]
    program = {"constants": [Module], "steps": steps, "result": ["at", 5]}
    call = {"inputs": [X, X + 1], "wrt": [[0], [1]], "kwargs": {}}
    (got,) = vjps(SURFACE, program, [call])
    assert np.array_equal(got["output"], X * X * (X + 1))


def test_operators_lists_and_keywords_of_a_program():
    class Module:
        @staticmethod
        def total(parts, *, scale):
            return sum(parts) * scale

    steps = [
        ["operate", "add", [["at", 0], ["value", 1.0]]],
        ["constant", 0],
        ["get", ["at", 2], "total"],
        ["call", ["at", 3], [["list", [["at", 0], ["at", 1]]]], {"scale": ["value", 2.0]}],
    ]
    program = {"constants": [Module], "steps": steps, "result": ["at", 4]}
    (got,) = vjps(SURFACE, program, [{"inputs": [3.0], "wrt": [], "kwargs": {}}])
    assert got["output"] == 14.0
