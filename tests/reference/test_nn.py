"""Modules find their parameters; layers start and behave as they say."""

import numpy as np
import pytest


@pytest.fixture
def tree(lib):
    """A module with parameters in every place where they are found, one of them twice, and a circle."""

    class Leaf(lib.nn.Module):
        def __init__(self):
            self.weight = lib.nn.Parameter(np.zeros(2))

    class Tree(lib.nn.Module):
        def __init__(self):
            self.own = lib.nn.Parameter(1.0)
            self.items = [Leaf(), (Leaf(), lib.nn.Parameter(2.0))]
            self.table = {"a": Leaf(), 7: [lib.nn.Parameter(3.0)]}
            self.again = self.items[0]
            self.parent = self
            self.other = [None, "text", 3, np.ones(3), lib.tensor.Tensor(1.0)]

    return Tree()


def test_parameters_are_found_once_each_with_their_paths(tree):
    names = [name for name, _ in tree.named_parameters()]
    assert names == ["own", "items.0.weight", "items.1.0.weight", "items.1.1", "table.a.weight", "table.7.0"]
    assert [id(p) for p in tree.parameters()] == [id(p) for _, p in tree.named_parameters()]


def test_train_and_eval_reach_every_module(tree):
    inside = [tree, tree.items[0], tree.items[1][0], tree.table["a"]]
    assert all(module.training for module in inside)
    assert tree.eval() is tree
    assert not any(module.training for module in inside)
    assert tree.train() is tree
    assert all(module.training for module in inside)


def test_zero_grad(tree):
    for p in tree.parameters():
        p.grad = np.ones(p.shape)
    tree.zero_grad()
    assert all(p.grad is None for p in tree.parameters())


def test_calling_a_module_runs_forward(lib):
    class Doubler(lib.nn.Module):
        def forward(self, x):
            return 2 * x

    assert Doubler()(4) == 8
    with pytest.raises(NotImplementedError, match="Module has no forward"):
        lib.nn.Module()(1)


def test_linear_layer(lib, rng):
    layer = lib.nn.Linear(3, 4, rng=rng)
    assert [(n, p.shape) for n, p in layer.named_parameters()] == [("weight", (4, 3)), ("bias", (4,))]
    assert [n for n, _ in lib.nn.Linear(3, 4, bias=False, rng=rng).named_parameters()] == ["weight"]
    assert layer(lib.tensor.Tensor(np.ones((2, 5, 3)))).shape == (2, 5, 4)


def test_layer_norm_layer_starts_as_the_plain_norm(lib, rng):
    y = lib.nn.LayerNorm(16)(lib.tensor.Tensor(rng.normal(size=(3, 16)))).data
    np.testing.assert_allclose(y.mean(-1), 0.0, atol=1e-14)
    np.testing.assert_allclose((y * y).mean(-1), 1.0, rtol=1e-4)


def test_embedding_layer(lib, rng):
    layer = lib.nn.Embedding(5, 3, rng=rng)
    ids = np.array([[0, 4], [4, 4]])
    np.testing.assert_array_equal(layer(ids).data, layer.weight.data[ids])
    with pytest.raises(IndexError):
        layer(np.array([5]))


def test_dropout(lib, rng):
    layer, x = lib.nn.Dropout(0.25, rng=rng), lib.tensor.Tensor(np.ones((200, 200)), requires_grad=True)
    y = layer(x)
    assert set(np.unique(y.data)) == {0.0, 1 / 0.75}
    assert y.data.mean() == pytest.approx(1.0, abs=0.02)
    assert (layer(x).data != y.data).any()
    y.backward(np.ones(y.shape))
    np.testing.assert_array_equal(x.grad, y.data)
    assert layer.eval()(x) is x
    assert lib.nn.Dropout(0.0, rng=rng)(x) is x


@pytest.mark.parametrize("p", [-0.1, 1.0, 1.5])
def test_dropout_refuses(lib, rng, p):
    with pytest.raises(ValueError):
        lib.nn.Dropout(p, rng=rng)


def test_initialisation(lib):
    draw = lib.init.uniform_fan_in((400, 100), np.random.default_rng(0))
    assert np.abs(draw).max() <= 0.1
    assert draw.std() == pytest.approx(0.1 / np.sqrt(3), rel=0.02)
    np.testing.assert_array_equal(draw, lib.init.uniform_fan_in((400, 100), np.random.default_rng(0)))
    assert lib.init.normal((300, 300), 0.3, np.random.default_rng(0)).std() == pytest.approx(0.3, rel=0.02)
    with pytest.raises(ValueError):
        lib.init.uniform_fan_in((), np.random.default_rng(0))
