"""Pulling gradients through a graph by its protocol, while `backward` is a stub."""

import numpy as np
import pytest

from tinygrade.worker.tape import pull_back, walk


class Node:
    """A student's tensor, as far as the protocol goes; `backward` is what the test says."""

    def __init__(self, data, _parents=(), _backward=None, requires_grad=True):
        self.data = np.asarray(data, dtype=np.float64)
        self.grad = None
        self.requires_grad = requires_grad
        self._parents, self._backward = _parents, _backward

    def backward(self, grad=None):
        raise NotImplementedError("A1.4: the walk")


def mul(a, b):
    return Node(a.data * b.data, (a, b), lambda g: (g * b.data, g * a.data))


@pytest.fixture
def leaves():
    return Node([2.0, 3.0]), Node([5.0, 7.0])


def test_a_stub_is_walked_around(leaves):
    a, b = leaves
    pull_back(mul(a, b), np.array([1.0, 10.0]))
    assert a.grad.tolist() == [5, 70]
    assert b.grad.tolist() == [2, 30]


def test_without_a_cotangent_it_is_one():
    a = Node(3.0)
    pull_back(mul(a, a), None)
    assert a.grad == 6


@pytest.mark.parametrize("swapped", [False, True])
def test_nodes_wait_for_all_their_consumers(leaves, swapped):
    a, b = leaves
    c = mul(a, b)
    pair = (mul(mul(c, a), c), c)
    walk(mul(*(pair[::-1] if swapped else pair)), np.ones(2))
    assert np.allclose(a.grad, 4 * a.data**3 * b.data**3)  # a^4 b^3
    assert np.allclose(b.grad, 3 * a.data**4 * b.data**2)


def test_deep_graphs_are_no_matter(leaves):
    a, _ = leaves
    node = a
    for _ in range(5000):
        node = Node(node.data, (node,), lambda g: (g,))
    walk(node, np.ones(2))
    assert a.grad.tolist() == [1, 1]


def test_what_needs_no_gradient_gets_none(leaves):
    a, _ = leaves
    constant = Node([1.0, 1.0], requires_grad=False)
    walk(Node(a.data, (a, constant), lambda g: (None, g)), np.ones(2))
    assert a.grad is None
    assert constant.grad is None


def test_what_is_written_is_used(leaves):
    a, b = leaves
    out = mul(a, b)
    seen = []
    out.backward = seen.append
    pull_back(out, np.ones(2))
    assert len(seen) == 1
    assert a.grad is None


def test_a_stub_in_a_rule_is_told(leaves):
    a, _ = leaves

    def rule(g):
        raise NotImplementedError("A1.2: unbroadcast")

    with pytest.raises(NotImplementedError, match="A1.2"):
        pull_back(Node(a.data, (a,), rule), np.ones(2))
