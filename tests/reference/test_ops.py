"""The primitives without PyTorch: values, shapes, errors and gradients by finite differences."""

import numpy as np
import pytest

UNARY = ["neg", "exp", "log", "tanh", "relu"]
BINARY = ["add", "sub", "mul", "div", "power", "maximum"]
SHAPES = [
    ((), ()),
    ((2, 3), (2, 3)),
    ((2, 3), (3,)),
    ((2, 3), (2, 1)),
    ((4, 1, 3), (2, 1)),
    ((2, 3), ()),
    ((1,), (2, 2)),
]


def away_from_kinks(rng, shape):
    return rng.uniform(0.5, 2.0, shape)


def assert_gradients_match_differences(lib, rng, op, arrays):
    """Backward with a random cotangent against central differences of op's own forward."""
    leaves = [lib.tensor.Tensor(a, requires_grad=True) for a in arrays]
    before = [a.copy() for a in arrays]
    out = op(*leaves)
    cotangent = rng.normal(size=out.shape)
    out.backward(cotangent)
    expected = lib.gradcheck.numerical_vjp(lambda *xs: op(*map(lib.tensor.Tensor, xs)).data, arrays, cotangent)
    for x, old, numerical in zip(leaves, before, expected, strict=True):
        assert x.grad.shape == x.shape
        np.testing.assert_allclose(x.grad, numerical, rtol=1e-6, atol=1e-8)
        np.testing.assert_array_equal(x.data, old)


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_unary_gradients(lib, rng, name, shape):
    assert_gradients_match_differences(lib, rng, getattr(lib.ops, name), [away_from_kinks(rng, shape)])


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("shapes", SHAPES)
def test_binary_gradients_with_broadcasting(lib, rng, name, shapes):
    arrays = [away_from_kinks(rng, shape) for shape in shapes]
    assert_gradients_match_differences(lib, rng, getattr(lib.ops, name), arrays)


@pytest.mark.parametrize("shapes", SHAPES)
def test_where_gradients(lib, rng, shapes):
    arrays = [rng.normal(size=shape) for shape in shapes]
    condition = rng.random(np.broadcast_shapes(*shapes)) < 0.5
    assert_gradients_match_differences(lib, rng, lambda a, b: lib.ops.where(condition, a, b), arrays)


@pytest.mark.parametrize(
    "shapes",
    [((2, 3), (3, 4)), ((3, 3), (3, 3)), ((5, 2, 3), (5, 3, 4)), ((5, 2, 3), (3, 4)), ((2, 1, 2, 3), (4, 3, 2))],
)
def test_matmul_gradients(lib, rng, shapes):
    assert_gradients_match_differences(lib, rng, lib.ops.matmul, [rng.normal(size=shape) for shape in shapes])


@pytest.mark.parametrize("shapes", [((2, 3), (2, 3)), ((3,), (3, 2)), ((2, 3), (3,)), ((), (2, 2))])
def test_matmul_refuses_what_does_not_fit(lib, shapes):
    with pytest.raises(ValueError):
        lib.ops.matmul(*(np.ones(shape) for shape in shapes))


@pytest.mark.parametrize("name", ["reduce_sum", "mean"])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 2), (-1, -2), ()])
def test_reductions(lib, rng, name, keepdims, axis):
    x = rng.normal(size=(3, 3, 4))
    op = getattr(lib.ops, name)
    expected = {"reduce_sum": np.sum, "mean": np.mean}[name](x, axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(op(x, axis, keepdims).data, expected, rtol=1e-15, atol=1e-15)
    assert_gradients_match_differences(lib, rng, lambda t: op(t, axis, keepdims), [x])


@pytest.mark.parametrize("axes", [None, (1, 2, 0), (2, 0, 1), (0, 2, 1), (-1, 0, -2)])
def test_transpose(lib, rng, axes):
    x = rng.normal(size=(2, 3, 4))
    np.testing.assert_array_equal(lib.ops.transpose(x, axes).data, x.transpose(axes))
    assert_gradients_match_differences(lib, rng, lambda t: lib.ops.transpose(t, axes), [x])


def test_reshape(lib, rng):
    x = rng.normal(size=(2, 6))
    assert_gradients_match_differences(lib, rng, lambda t: lib.ops.reshape(t, (3, -1)), [x])
    assert_gradients_match_differences(lib, rng, lambda t: lib.ops.reshape(lib.ops.transpose(t), (4, 3)), [x])
    with pytest.raises(ValueError):
        lib.ops.reshape(x, (5, 3))


@pytest.mark.parametrize(
    "index",
    [1, -1, slice(1, None), (slice(None), 0), (..., None), [0, 0, 2], ([0, 0], [1, 1]), np.array([True, False, True])],
)
def test_getitem(lib, rng, index):
    x = rng.normal(size=(3, 4))
    np.testing.assert_array_equal(lib.ops.getitem(x, index).data, x[index])
    assert_gradients_match_differences(lib, rng, lambda t: lib.ops.getitem(t, index), [x])


def test_getitem_outside(lib):
    with pytest.raises(IndexError):
        lib.ops.getitem(np.ones(3), 3)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_concat(lib, rng, axis):
    arrays = [rng.normal(size=(2, 3, 2)), rng.normal(size=(2, 3, 2))]
    assert_gradients_match_differences(lib, rng, lambda *parts: lib.ops.concat(parts, axis), arrays)


def test_concat_of_different_sizes_and_the_same_tensor(lib, rng, leaf):
    x, y = leaf(rng.normal(size=(2, 3))), leaf(rng.normal(size=(1, 3)))
    out = lib.ops.concat([x, y, x])
    out.backward(np.arange(15.0).reshape(5, 3))
    np.testing.assert_array_equal(x.grad, [[9, 11, 13], [15, 17, 19]])
    np.testing.assert_array_equal(y.grad, [[6, 7, 8]])
    with pytest.raises(ValueError):
        lib.ops.concat([x, y], axis=1)


def test_take_rows_counts_repeated_ids(lib, rng):
    weight, ids = rng.normal(size=(5, 3)), np.array([[1, 1, 0], [4, 1, 0]])
    np.testing.assert_array_equal(lib.ops.take_rows(weight, ids).data, weight[ids])
    assert_gradients_match_differences(lib, rng, lambda w: lib.ops.take_rows(w, ids), [weight])


@pytest.mark.parametrize(("ids", "error"), [([0.5], TypeError), ([5], IndexError), ([-1], IndexError)])
def test_take_rows_refuses_other_ids(lib, ids, error):
    with pytest.raises(error):
        lib.ops.take_rows(np.ones((5, 3)), ids)


# Broadcasting.


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((3, 1), [[4.0], [4.0], [4.0]]), ((4,), [3.0] * 4), ((1, 1), [[12.0]]), ((), 12.0), ((1,), [12.0])],
)
def test_unbroadcast(lib, shape, expected):
    result = lib.ops.unbroadcast(np.ones((3, 4)), shape)
    assert result.shape == shape
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("shape", [(3,), (2, 4), (3, 4, 1), (1, 3, 4)])
def test_unbroadcast_refuses_shapes_that_do_not_broadcast(lib, shape):
    with pytest.raises(ValueError):
        lib.ops.unbroadcast(np.ones((3, 4)), shape)


def test_shapes_that_do_not_fit(lib):
    for name in BINARY:
        with pytest.raises(ValueError):
            getattr(lib.ops, name)(np.ones((2, 3)), np.ones((2, 4)))


# Points where a careless rule breaks.


def test_ties_and_kinks(lib, leaf):
    a, b, x = leaf([1.0, 2.0, 3.0]), leaf([1.0, 5.0, 0.0]), leaf([-1.0, 0.0, 1.0])
    lib.ops.maximum(a, b).backward(np.ones(3))
    np.testing.assert_array_equal(a.grad, [0.5, 0.0, 1.0])
    np.testing.assert_array_equal(b.grad, [0.5, 1.0, 0.0])
    lib.ops.relu(x).backward(np.ones(3))
    np.testing.assert_array_equal(x.grad, [0.0, 0.0, 1.0])


@pytest.mark.parametrize(("exponent", "expected"), [(0, [0, 0, 0]), (1, [1, 1, 1]), (2, [-4, 0, 4]), (3, [12, 0, 12])])
def test_powers_of_zero_and_negative_numbers(leaf, exponent, expected):
    x = leaf([-2.0, 0.0, 2.0])
    (x**exponent).backward(np.ones(3))
    np.testing.assert_array_equal(x.grad, expected)


def test_power_of_zero_with_a_gradient_for_the_exponent(lib, leaf):
    a, b = leaf([0.0, 2.0]), leaf([2.0, 3.0])
    lib.ops.power(a, b).backward(np.ones(2))
    np.testing.assert_allclose(b.grad, [0.0, 8 * np.log(2)])
    np.testing.assert_allclose(a.grad, [0.0, 12.0])


# The operators of Tensor.


def test_operators_and_their_reflected_forms(lib, leaf):
    x = leaf([1.0, 2.0])
    cases = {
        "x + 1": x + 1, "1 + x": 1 + x, "x - 1": x - 1, "1 - x": 1 - x, "x * 3": x * 3, "3 * x": 3 * x,
        "x / 2": x / 2, "2 / x": 2 / x, "x ** 2": x**2, "2 ** x": 2**x, "-x": -x, "x[1]": x[1],
    }  # fmt: skip
    for text, result in cases.items():
        np.testing.assert_array_equal(result.data, eval(text, {"x": x.data}), err_msg=text)
        assert isinstance(result, lib.tensor.Tensor)


def test_numpy_arrays_on_the_left_do_not_take_over(lib, leaf):
    x = leaf(np.ones((2, 2)))
    for result in (np.ones((2, 2)) + x, np.ones((2, 2)) * x, np.ones((2, 2)) @ x, np.float64(2.0) - x):
        assert isinstance(result, lib.tensor.Tensor)
        assert result.requires_grad


def test_methods(leaf):
    x = leaf(np.arange(6.0).reshape(2, 3))
    assert x.sum().item() == 15.0
    assert x.mean(axis=0, keepdims=True).shape == (1, 3)
    assert x.reshape(3, 2).shape == x.reshape((3, 2)).shape == (3, 2)
    assert x.transpose().shape == x.transpose(1, 0).shape == x.transpose((1, 0)).shape == (3, 2)
    assert x.reshape(-1).shape == (6,)
    np.testing.assert_array_equal((x @ x.transpose()).data, x.data @ x.data.T)


def test_float32_stays_float32(lib, rng):
    x = lib.tensor.Tensor(rng.normal(size=(2, 3)).astype(np.float32), requires_grad=True)
    y = lib.ops.tanh(x @ x.transpose()).sum()
    y.backward()
    assert y.data.dtype == x.grad.dtype == np.float32
