"""A package so small that it can be read at a glance, for the loops over autograd packages."""

import numpy as np
import pytest

from tinygrade.worker.surface import Surface


class Tensor:
    """Knows multiplication by an array, so that d(x * k) = g * k."""

    def __init__(self, data, requires_grad=False, _parent=None, _factor=None):
        self.data = np.array(data, dtype=np.float64)
        self.requires_grad = requires_grad
        self.grad = None
        self._parent = _parent
        self._factor = _factor

    def __mul__(self, factor):
        return Tensor(self.data * factor, True, self, factor)

    def backward(self, g=None):
        self.grad = np.ones_like(self.data) if g is None else g
        if self._parent is not None:
            self._parent.backward(self.grad * self._factor)


class Leaf:
    def __init__(self, shape):
        self.weight = Tensor(np.zeros(shape), requires_grad=True)


class Model:
    """Parameters in attributes, a list, a tuple and dicts; one object twice, a cycle, and things to skip."""

    def __init__(self):
        self.head = Leaf((2, 3))
        self.blocks = [Leaf((1,)), (Leaf((2,)), Leaf(()))]
        self.table = {"a": Leaf((4,)), 7: Leaf((5,))}
        self.tied = self.head.weight
        self.me = self
        self.buffer = Tensor(np.zeros(9), requires_grad=False)
        self.rate = 0.1
        self.activation = np.tanh
        self.cls = Tensor


@pytest.fixture
def surface():
    return Surface(lambda: Tensor, ["head.weight", "blocks.1.0.weight"])


@pytest.fixture
def tensor():
    return Tensor


@pytest.fixture
def model():
    return Model()
