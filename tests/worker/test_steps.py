"""Loops over an optimiser and over iterators, on a package of twenty lines."""

import itertools

import numpy as np
import pytest

from tinygrade.worker.loops import LOOPS
from tinygrade.worker.steps import attributes, called, fit, listed, trajectory, within
from tinygrade.worker.surface import Surface


class Steepest:
    """Plain descent that writes down what it was given."""

    def __init__(self, params, lr, log=None):
        self.params, self.lr = list(params), lr
        self.seen = [] if log is None else log

    def zero_grad(self):
        self.seen.append("clear")
        for p in self.params:
            p.grad = None

    def step(self):
        self.seen.append([None if p.grad is None else p.grad.copy() for p in self.params])
        for p in self.params:
            if p.grad is not None:
                p.data -= self.lr * p.grad
                p.grad *= 0.0  # what a step does to its gradients is its own affair


class Named:
    def __init__(self, number, value):
        self.number, self.value = number, value


STARTS = [np.ones((2, 2)), np.zeros(3)]
GRADIENTS = [[np.full((2, 2), 1.0), np.full(3, 2.0)], [None, np.full(3, 4.0)]]


def test_trajectory_gives_every_parameter_after_every_step(surface):
    path = trajectory(surface, Steepest, STARTS, GRADIENTS, {"lr": 0.5}, [])
    assert [[p.tolist() for p in step] for step in path] == [
        [[[0.5, 0.5], [0.5, 0.5]], [-1.0] * 3],
        [[[0.5, 0.5], [0.5, 0.5]], [-3.0] * 3],
    ]


def test_trajectory_leaves_starts_and_gradients_alone(surface):
    trajectory(surface, Steepest, STARTS, GRADIENTS, {"lr": 0.5}, [])
    assert (STARTS[0] == 1).all()
    assert (GRADIENTS[0][1] == 2.0).all()


def test_a_parameter_without_gradient_has_none(surface):
    seen = []
    trajectory(surface, Steepest, STARTS, GRADIENTS, {"lr": 0.5, "log": seen}, [])
    assert seen[1][0] is None


def test_changes_are_made_before_their_step(surface):
    path = trajectory(surface, Steepest, STARTS, GRADIENTS, {"lr": 0.5}, [{}, {"lr": 0.25}])
    assert path[1][1].tolist() == [-2.0] * 3
    late = trajectory(surface, Steepest, STARTS, GRADIENTS, {"lr": 0.5}, [{"lr": 1.0}])
    assert late[0][1].tolist() == [-2.0] * 3


def test_trajectory_knows_other_names(tensor):
    class Other:
        def __init__(self, value):
            self.value, self.slope = value, None

    class Descent:
        def __init__(self, params, lr):
            self.params, self.lr = params, lr

        def step(self):
            for p in self.params:
                p.value = p.value - self.lr * p.slope

    surface = Surface(lambda: Other, [], data="value", grad="slope", requires_grad="")
    path = trajectory(surface, Descent, [np.zeros(2)], [[np.ones(2)]], {"lr": 2.0}, [])
    assert path[0][0].tolist() == [-2.0, -2.0]


def test_fit_clears_evaluates_walks_back_and_steps(surface, tensor):
    table, seen = tensor(np.array([3.0]), requires_grad=True), []
    optimizer = Steepest([table], 0.1, seen)
    losses = fit(surface, lambda x: table * x, lambda out, y: out * y, optimizer, np.array([2.0]), np.array([0.5]), 2)
    assert [loss.tolist() for loss in losses] == [[3.0], [2.9]]
    assert seen[0] == seen[2] == "clear"
    assert seen[1][0].tolist() == [1.0]


def test_attributes_come_item_by_item_as_arrays(surface, tensor):
    items = (Named(i, tensor([float(i)])) for i in itertools.count())
    assert [[i, x.tolist()] for i, x in attributes(surface, items, ["number", "value"], 2)] == [[0, [0.0]], [1, [1.0]]]
    with pytest.raises(AttributeError, match="colour"):
        attributes(surface, [Named(0, None)], ["colour"], 1)


def test_listed_takes_what_it_was_asked_for_from_any_iterator(surface, tensor):
    assert listed(surface, itertools.count(), 3) == [0, 1, 2]
    found = listed(surface, ((name, tensor(1.0)) for name in "ab"), 10)
    assert [(name, float(value)) for name, value in found] == [("a", 1.0), ("b", 1.0)]


@pytest.mark.parametrize("value", [None, 3])
def test_listed_of_what_has_no_items_is_an_error_of_who_gave_it(surface, value):
    with pytest.raises(TypeError, match="not iterable"):
        listed(surface, value, 3)


def test_called_takes_positions_and_names(surface, tensor):
    got = called(surface, lambda a, b=1: tensor(a * b), [([2.0], {}), ([2.0], {"b": 3})])
    assert [float(value) for value in got] == [2.0, 6.0]


def test_all_of_them_can_be_asked_for():
    assert {"trajectory", "fit", "listed", "called"} <= set(LOOPS)


class Node:
    """As much of a tensor as `within` looks at."""

    def __init__(self, data, requires_grad=False, _parents=()):
        self.data, self.requires_grad, self._parents = data, requires_grad, _parents


class Switch:
    """A context that switches a tensor's wish for a gradient off, and counts its ends."""

    def __init__(self, tensor):
        self.tensor, self.ended = tensor, []

    def __enter__(self):
        self.tensor.requires_grad = False

    def __exit__(self, kind, error, traceback):
        self.tensor.requires_grad = True
        self.ended.append(kind)


@pytest.mark.parametrize("fail", [False, True])
def test_within_tells_what_a_result_remembers(fail):
    leaf = Node(np.ones(2), requires_grad=True)
    switch = Switch(leaf)
    double = lambda x: Node(2 * x.data, x.requires_grad, (x,) * x.requires_grad)  # noqa: E731
    seen = within(Surface(lambda: Node, []), switch, double, [leaf], fail)
    assert seen["output"].tolist() == [2, 2]
    assert (seen["asks"], seen["parents"]) == (False, 0)
    assert leaf.requires_grad
    assert [kind is None for kind in switch.ended] == [not fail]


def test_within_hands_on_what_the_code_raises(surface):
    def fails(x):
        raise KeyError("theirs")

    with pytest.raises(KeyError):
        within(surface, Switch(surface.leaf(np.ones(1))), fails, [1], False)
