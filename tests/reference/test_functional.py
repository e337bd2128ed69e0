"""The fused functions and the pure-array rules, without PyTorch."""

import numpy as np
import pytest


def entropy_of(logits, targets):
    """Textbook cross-entropy of rows, one at a time."""
    losses = []
    for row, target in zip(logits.reshape(-1, logits.shape[-1]), np.ravel(targets), strict=True):
        losses.append(np.log(np.exp(row).sum()) - row[target])
    return np.array(losses)


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_softmax_rules_against_differences(lib, rng, axis):
    x, F = rng.normal(size=(2, 3, 4)), lib.functional
    g = rng.normal(size=x.shape)
    for function in (F.softmax, F.log_softmax):
        leaf = lib.tensor.Tensor(x, requires_grad=True)
        function(leaf, axis).backward(g)
        (numerical,) = lib.gradcheck.numerical_vjp(lambda a, f=function: f(a, axis).data, [x], g)
        np.testing.assert_allclose(leaf.grad, numerical, atol=1e-9)
    y = F.softmax(x, axis).data
    np.testing.assert_allclose(y.sum(axis=axis), 1.0, rtol=1e-14)
    np.testing.assert_allclose(F.softmax_vjp(g, y, axis).sum(axis=axis), 0.0, atol=1e-14)


def test_extreme_logits(lib):
    F = lib.functional
    x = np.array([[1000.0, 1001.0, 999.0], [-1000.0, 1000.0, 0.0], [0.0, 0.0, 0.0]])
    assert np.isfinite(F.softmax(x).data).all()
    assert np.isfinite(F.log_softmax(x).data).all()
    np.testing.assert_allclose(F.softmax(x).data, F.softmax(x - 1000.0).data)
    assert F.log_softmax(x).data[1, 0] == -2000.0
    assert F.cross_entropy(x, np.array([1, 0, 2])).item() == pytest.approx((0.407606 + 2000 + np.log(3)) / 3)


def test_gelu(lib, rng):
    x = np.concatenate([np.linspace(-6.0, 6.0, 25), [0.0]])
    expected = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x * x * x)))
    np.testing.assert_allclose(lib.functional.gelu(x).data, expected, rtol=1e-12, atol=1e-14)
    leaf, g = lib.tensor.Tensor(x, requires_grad=True), rng.normal(size=x.shape)
    lib.functional.gelu(leaf).backward(g)
    (numerical,) = lib.gradcheck.numerical_vjp(lambda a: lib.functional.gelu(a).data, [x], g)
    np.testing.assert_allclose(leaf.grad, numerical, atol=1e-9)


def test_gelu_far_from_zero(lib):
    """Warnings are errors here: neither side overflows."""
    x = lib.tensor.Tensor([-1e3, -40.0, 40.0, 1e3], requires_grad=True)
    y = lib.functional.gelu(x)
    y.backward(np.ones(4))
    np.testing.assert_allclose(y.data, [0.0, 0.0, 40.0, 1e3], atol=1e-200)
    np.testing.assert_allclose(x.grad, [0.0, 0.0, 1.0, 1.0], atol=1e-200)


@pytest.mark.parametrize("ignore_index", [None, 0, -100])
def test_cross_entropy(lib, rng, ignore_index):
    F, logits = lib.functional, rng.normal(size=(2, 4, 5))
    targets = np.array([[0, 1, 4, 0], [2, 2, 0, 3]])
    counted = np.ones(8, bool)
    if ignore_index is not None:
        targets[0, 1] = targets[1, 3] = ignore_index
        counted = targets.ravel() != ignore_index
    expected = entropy_of(logits, np.where(targets == -100, 0, targets))[counted].mean()
    leaf = lib.tensor.Tensor(logits, requires_grad=True)
    loss = F.cross_entropy(leaf, targets, ignore_index)
    assert loss.item() == pytest.approx(expected, rel=1e-14)
    loss.backward(1.7)
    loss.backward(1.7)  # the saved arrays must not have been used up
    rule = F.cross_entropy_vjp(1.7, logits, targets, ignore_index)
    (numerical,) = lib.gradcheck.numerical_vjp(
        lambda z: F.cross_entropy(z, targets, ignore_index).data, [logits], np.array(1.7)
    )
    np.testing.assert_allclose(rule, numerical, atol=1e-9)
    np.testing.assert_allclose(leaf.grad, 2 * rule, rtol=1e-14, atol=1e-16)
    if ignore_index is not None:
        assert not rule.reshape(8, 5)[~counted].any()


def test_a_logit_of_minus_infinity_is_no_nan(lib):
    logits = np.array([[0.0, -np.inf, 0.0]])
    assert lib.functional.cross_entropy(logits, np.array([2])).item() == pytest.approx(np.log(2))


@pytest.mark.parametrize(
    ("targets", "ignore_index", "error"),
    [
        (np.zeros((3, 2), int), None, ValueError),
        (np.zeros((2,), int), None, ValueError),
        (np.zeros((2, 3)), None, ValueError),
        (np.zeros((2, 3), int), 0, ValueError),
        (np.full((2, 3), 4), None, IndexError),
        (np.full((2, 3), -1), None, IndexError),
    ],
)
def test_cross_entropy_refuses(lib, targets, ignore_index, error):
    with pytest.raises(error):
        lib.functional.cross_entropy(np.zeros((2, 3, 4)), targets, ignore_index)
    with pytest.raises(error):
        lib.functional.cross_entropy_vjp(1.0, np.zeros((2, 3, 4)), targets, ignore_index)


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4)])
def test_layer_norm(lib, rng, shape):
    F, eps = lib.functional, 1e-3
    x, weight, bias, g = rng.normal(size=shape), rng.normal(size=4), rng.normal(size=4), rng.normal(size=shape)
    expected = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps) * weight + bias
    leaves = [lib.tensor.Tensor(a, requires_grad=True) for a in (x, weight, bias)]
    out = F.layer_norm(*leaves, eps)
    np.testing.assert_allclose(out.data, expected, rtol=1e-12)
    out.backward(g)
    numerical = lib.gradcheck.numerical_vjp(lambda *a: F.layer_norm(*a, eps).data, [x, weight, bias], g)
    for leaf, rule, number in zip(leaves, F.layer_norm_vjp(g, x, weight, eps), numerical, strict=True):
        assert leaf.grad.shape == leaf.shape
        np.testing.assert_allclose(rule, number, atol=1e-8)
        np.testing.assert_allclose(leaf.grad, rule, rtol=1e-13, atol=1e-15)


def test_layer_norm_far_from_zero(lib, rng):
    x = rng.normal(size=(3, 16))
    near, far = (lib.functional.layer_norm(x + shift, np.ones(16), np.zeros(16)).data for shift in (0.0, 1e8))
    np.testing.assert_allclose(far, near, atol=1e-6)


def test_sizes_that_do_not_fit(lib):
    with pytest.raises(ValueError):
        lib.functional.layer_norm(np.ones((2, 3)), np.ones(1), np.ones(3))
    with pytest.raises(ValueError):
        lib.functional.linear(np.ones((2, 3)), np.ones((4, 2)))
    with pytest.raises(ValueError):
        lib.functional.linear(np.ones((2, 3)), np.ones((4, 3)), np.ones(1))


@pytest.mark.parametrize("leading", [(), (5,), (2, 5)])
def test_linear(lib, rng, leading):
    F, arrays = lib.functional, [rng.normal(size=(*leading, 3)), rng.normal(size=(4, 3)), rng.normal(size=4)]
    g = rng.normal(size=(*leading, 4))
    leaves = [lib.tensor.Tensor(a, requires_grad=True) for a in arrays]
    out = F.linear(*leaves)
    np.testing.assert_allclose(out.data, arrays[0] @ arrays[1].T + arrays[2])
    out.backward(g)
    for leaf, number in zip(leaves, lib.gradcheck.numerical_vjp(lambda *a: F.linear(*a).data, arrays, g), strict=True):
        np.testing.assert_allclose(leaf.grad, number, atol=1e-8)
    np.testing.assert_allclose(F.linear(*arrays[:2]).data, arrays[0] @ arrays[1].T)
