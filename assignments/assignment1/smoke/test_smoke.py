"""Can later assignments be built on this tape and these operations? A second, not a grade."""

import numpy as np
import pytest


def arrays(rng, *shapes):
    """Positive and away from kinks, so that every operation below is smooth at these inputs."""
    return [rng.uniform(0.5, 2.0, shape) for shape in shapes]


#: Operation, shapes of its tensors, further arguments.
OPS = [
    ("add", [(3, 4), (4,)], []),
    ("add", [(3, 1), (2, 3, 4)], []),
    ("sub", [(3, 4), (3, 1)], []),
    ("mul", [(2, 3, 4), (1, 4)], []),
    ("div", [(3, 4), (4,)], []),
    ("neg", [(3, 4)], []),
    ("power", [(3, 4)], [3.0]),
    ("exp", [(3, 4)], []),
    ("log", [(3, 4)], []),
    ("tanh", [(3, 4)], []),
    ("relu", [(3, 4)], []),
    ("maximum", [(3, 4), (3, 4)], []),
    ("matmul", [(3, 4), (4, 5)], []),
    ("matmul", [(4, 4), (4, 4)], []),
    ("reduce_sum", [(2, 3, 4)], [1]),
    ("mean", [(2, 3, 4)], [-1]),
    ("reshape", [(2, 6)], [(3, 4)]),
    ("transpose", [(2, 3, 4)], [(1, 2, 0)]),
    ("getitem", [(5, 3)], [np.array([0, 2, 0, 4])]),
]


@pytest.mark.title("operations and their gradients")
@pytest.mark.task("A1.1")
def test_ops(gradcheck, rng):
    for name, shapes, further in OPS:
        wrt = tuple(range(len(shapes)))
        # `name` is bound now: the function is called before the next turn of the loop.
        gradcheck(lambda lib, name=name: getattr(lib.ops, name), [*arrays(rng, *shapes), *further], wrt=wrt, name=name)


def once(lib, x, y):
    return x + x


def diamond(lib, x, y):
    b = x * y
    return b + b * x


def diamond_swapped(lib, x, y):
    b = x * y
    return b * x + b


def reuse_after_add(lib, x, y):
    return (x + y) + x


def long_chain(lib, x, y):
    z = x
    for _ in range(40):
        z = z + y
    return z * x


@pytest.mark.title("tensors that are used more than once")
@pytest.mark.task("A1.4")
@pytest.mark.parametrize("graph", [once, diamond, diamond_swapped, reuse_after_add, long_chain])
def test_graph(parity, rng, graph):
    x, y = arrays(rng, (3,), (3,))
    cotangent = rng.standard_normal(3)

    def leaves_after_two_backwards(lib):
        a, b = lib.tensor.Tensor(x, requires_grad=True), lib.tensor.Tensor(y, requires_grad=True)
        out = graph(lib, a, b)
        out.backward(cotangent)
        first = a.grad + 0.0
        out.backward(cotangent)
        # The untouched ones stay None: `once` uses only x.
        return [first, a.grad, out.data] if graph is once else [first, a.grad, b.grad, out.data]

    parity(leaves_after_two_backwards, f"gradients of {graph.__name__.replace('_', ' ')}")


@pytest.mark.title("a leaf of integers becomes float64")
@pytest.mark.task("A1.1")
def test_integers(parity):
    parity(lambda lib: lib.tensor.Tensor([1, 2, 3]), "Tensor([1, 2, 3])")
