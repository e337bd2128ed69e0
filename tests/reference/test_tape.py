"""Tensor and the walk back through the graph."""

import gc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

REFERENCE = Path(__file__).resolve().parents[2] / "reference"


def test_integers_become_float64_and_floats_keep_their_type(lib):
    Tensor = lib.tensor.Tensor
    assert Tensor([1, 2]).data.dtype == np.float64
    assert Tensor(True).data.dtype == np.float64
    assert Tensor(np.ones(2, dtype=np.float32)).data.dtype == np.float32


@pytest.mark.parametrize("data", ["text", [None], [object()]])
def test_a_tensor_holds_numbers(lib, data):
    with pytest.raises(TypeError, match="numbers"):
        lib.tensor.Tensor(data)


def test_item_shape_detach_and_repr(lib, leaf):
    x = leaf([[1.0, 2.0]])
    assert x.shape == (1, 2)
    assert lib.tensor.Tensor(3).item() == 3.0
    with pytest.raises(ValueError):
        x.item()
    assert not (x * 2).detach().requires_grad
    assert repr(x) == "Tensor([[1. 2.]], requires_grad=True)"


def test_a_result_without_gradient_keeps_no_parents(lib, leaf):
    constant = lib.tensor.Tensor(2.0) * 3.0
    assert not constant.requires_grad
    assert constant._parents == ()
    assert constant._backward is None
    assert len((leaf(2.0) * 3.0)._parents) == 2


def test_every_module_can_be_loaded_first_and_alone():
    """Checks load modules one by one; `tensor` alone must have its operators."""
    names = sorted(path.stem for path in (REFERENCE / "tinytorch").glob("[!_]*.py"))
    script = f"""
import importlib, sys
for name in {names}:
    for loaded in [m for m in sys.modules if m.startswith("tinytorch")]:
        del sys.modules[loaded]
    importlib.import_module("tinytorch." + name)
    Tensor = importlib.import_module("tinytorch.tensor").Tensor
    assert (Tensor(2) + 3).item() == 5, name

"""
    subprocess.run([sys.executable, "-B", "-c", script], check=True, cwd=REFERENCE, timeout=60)


# The graph.


def test_a_tensor_that_is_used_twice_gets_both_gradients(leaf):
    x = leaf(3.0)
    (x + x).backward()
    assert x.grad == 2.0


@pytest.mark.parametrize("swapped", [False, True])
def test_diamonds(leaf, swapped):
    a = leaf(2.0)
    b = a * a
    c = b * a
    (c + b if swapped else b + c).backward()  # a^3 + a^2
    assert a.grad == pytest.approx(3 * 4 + 2 * 2)


def test_reuse_after_an_addition_does_not_alias(leaf):
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    seed = np.array([1.0, 10.0])
    ((a + b) + a).backward(seed)
    np.testing.assert_array_equal(a.grad, 2 * seed)
    np.testing.assert_array_equal(b.grad, seed)
    np.testing.assert_array_equal(seed, [1.0, 10.0])


def test_gradients_share_memory_with_nothing(leaf):
    a, b = leaf(np.ones((2, 2))), leaf(np.ones((2, 2)))
    seed = np.ones((2, 2))
    (a + b.reshape(4).reshape(2, 2)).backward(seed)
    for one, other in [(a.grad, b.grad), (a.grad, seed), (b.grad, seed), (a.grad, a.data)]:
        assert not np.shares_memory(one, other)
    a.grad += 1.0  # broadcast views would not be writable


def test_summed_gradients_are_writable(leaf):
    x = leaf(np.ones((2, 3)))
    x.sum().backward()
    x.grad *= 2.0
    np.testing.assert_array_equal(x.grad, np.full((2, 3), 2.0))


def test_a_second_backward_doubles_leaves_only(leaf):
    x = leaf(3.0)
    y = x * x
    z = y * y
    z.backward()
    once = x.grad.copy()
    z.backward()
    assert x.grad == 2 * once
    assert y.grad is None


def test_the_first_gradient_array_is_not_changed_later(leaf):
    x = leaf(3.0)
    y = x * x
    y.backward()
    kept = x.grad
    y.backward()
    assert kept == 6.0


def test_zero_grad(leaf):
    x = leaf(3.0)
    (x * x).backward()
    x.zero_grad()
    assert x.grad is None


def test_backward_of_a_leaf_adds_to_itself(leaf):
    x = leaf([1.0, 2.0])
    x.backward([3.0, 4.0])
    np.testing.assert_array_equal(x.grad, [3.0, 4.0])


def test_a_path_without_gradient_ends_quietly(lib, leaf):
    x = leaf(2.0)
    dead_end = lib.tensor.Tensor(x.data * 2, _parents=(x,), _backward=lambda g: (None,))
    (dead_end * dead_end + x).backward()
    assert x.grad == 1.0


def test_a_node_made_by_hand_follows_the_protocol(lib, leaf):
    x = leaf(5.0)
    double = lib.tensor.Tensor(x.data * 2, _parents=(x,), _backward=lambda g: (2 * g,))
    assert double.requires_grad
    double.backward()
    assert x.grad == 2.0


def test_a_backward_with_too_few_gradients_is_an_error(lib, leaf):
    x = leaf(5.0)
    with pytest.raises(ValueError):
        lib.tensor.Tensor(1.0, _parents=(x, x), _backward=lambda g: (g,)).backward()


@pytest.mark.parametrize("seed", [None, np.ones(3), np.ones((2, 1)), 1.0])
def test_the_seed_must_fit(leaf, seed):
    with pytest.raises(ValueError):
        (leaf([[1.0, 2.0]]) * 2).backward(seed)


def test_a_size_of_one_needs_no_seed(leaf):
    x = leaf([[4.0]])
    (x * x).backward()
    np.testing.assert_array_equal(x.grad, [[8.0]])


def test_backward_needs_a_graph(lib):
    with pytest.raises(ValueError, match="require"):
        lib.tensor.Tensor(1.0).backward()


def test_the_order_has_consumers_first(lib, leaf):
    a = leaf(1.0)
    b = a * a
    c = a + b
    d = c * b
    order = lib.tensor.topological_order(d)
    assert order == [d, c, b, a]


def test_a_chain_of_5000(leaf):
    x = leaf(1.0)
    y = x
    for _ in range(5000):
        y = y + x
    y.backward()
    assert x.grad == 5001.0


def test_a_graph_is_freed_without_the_collector(leaf):
    """A reference cycle would keep all activations of a step alive."""
    gc.collect()
    gc.disable()
    try:
        x = leaf(np.ones((4, 4)))
        ((x @ x) * x + x.sum()).mean().backward()
        assert gc.collect() == 0
    finally:
        gc.enable()
