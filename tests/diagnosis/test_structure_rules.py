"""Rules on shape, kind and presence: what they name, and what they leave alone."""

import numpy as np
import pytest

from tinygrade.diagnosis.rules import structure

A = np.arange(6.0).reshape(2, 3) ** 2 + 1.0


def test_missing(gradient):
    assert structure.missing(gradient(None, A)) == {}
    assert structure.missing(gradient(0.0 * A, A)) is None


@pytest.mark.parametrize("got", ["text", [1.0], {}, (A,)])
def test_wrong_type(gradient, value, got):
    assert structure.wrong_type(gradient(got, A)) == {"yours": type(got).__name__}
    assert structure.wrong_type(value(got, A)) == {"yours": type(got).__name__}


@pytest.mark.parametrize("got", [A, 3, 2.5, True, np.float32(1), np.zeros(3)])
def test_numbers_are_no_wrong_type(gradient, got):
    assert structure.wrong_type(gradient(got, A)) is None


def test_none_is_a_wrong_type_of_value_only(gradient, value):
    assert structure.wrong_type(value(None, A)) == {"yours": "NoneType"}
    assert structure.wrong_type(gradient(None, A)) is None


@pytest.mark.parametrize("shape", [(3,), (1, 3), (2, 1), (), (1, 1), (1,)])
def test_not_summed(gradient, shape):
    seen = gradient(A, np.ones(shape), cotangent=A)
    assert structure.not_summed(seen) == {"yours_shape": [2, 3], "expected_shape": list(shape)}


def test_not_summed_over_some_axes(gradient):
    """Neither the shape of the incoming gradient nor that of the argument: recognised by its sum."""
    half = np.arange(12.0).reshape(4, 3)
    seen = gradient(half, half.sum(0), cotangent=np.ones((2, 4, 3)))
    assert structure.not_summed(seen)
    assert structure.not_summed(gradient(half, half.sum(0) + 1, cotangent=np.ones((2, 4, 3)))) is None


@pytest.mark.parametrize(
    ("got", "expected"), [(A, A), (np.ones((1, 3)), np.ones(3)), (np.ones(2), np.ones((2, 3))), (np.ones((4, 4)), A)]
)
def test_other_shapes_are_not_unsummed(gradient, got, expected):
    assert structure.not_summed(gradient(got, expected, cotangent=A)) is None


@pytest.mark.parametrize("expected", [A, A[:, :2], np.arange(24.0).reshape(2, 3, 4), np.arange(8.0).reshape(2, 2, 2)])
def test_turned(gradient, value, expected):
    got = expected.swapaxes(-1, -2)
    assert structure.turned(gradient(got, expected))["axes"] == [expected.ndim - 2, expected.ndim - 1]
    assert structure.turned(value(got, expected))
    assert structure.turned(gradient(got + 0.1, expected)) is None
    assert structure.turned(gradient(2 * got, expected)) is None


@pytest.mark.parametrize("got", [A.ravel(), A, np.zeros((3, 2)), 3.0, None, "text"])
def test_not_turned(gradient, got):
    assert structure.turned(gradient(got, A + 1 if got is A else A)) is None


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 2, 2), (1, 2, 3)])
@pytest.mark.parametrize("order", [(1, 2, 0), (2, 0, 1)])
def test_permuted(gradient, shape, order):
    expected = np.arange(float(np.prod(shape))).reshape(shape) ** 1.5
    assert structure.permuted(gradient(expected.transpose(order), expected))
    assert structure.permuted(gradient(expected.transpose(order) + 1, expected)) is None
    assert structure.permuted(gradient(expected.transpose(0, 2, 1), expected)) is None or shape == (1, 2, 3)


def test_wrong_shape(gradient, value):
    assert structure.wrong_shape(gradient(A[None], A))["numbers"] == "right, and in the right order"
    assert structure.wrong_shape(gradient(A.ravel()[::-1], A)) == {"yours_shape": [6], "expected_shape": [2, 3]}
    assert structure.wrong_shape(value(1.0, A)) == {"yours_shape": [], "expected_shape": [2, 3]}
    assert structure.wrong_shape(value(A + 1, A)) is None


def test_not_finite(gradient, value):
    got = A.copy()
    got[1, 2] = np.nan
    assert structure.not_finite(gradient(got, A)) == {"kind": "NaN", "count": 1, "first": [1, 2]}
    got[0, 0] = -np.inf
    assert structure.not_finite(value(got, A)) == {"kind": "infinity", "count": 2, "first": [0, 0]}
    assert structure.not_finite(value(A + 1, A)) is None
    assert structure.not_finite(value(got, got)) is None, "where the right value is infinite, it may be"


def test_zero(gradient, value):
    assert structure.zero(gradient(0 * A, A)) == {}
    assert structure.zero(value(-0.0 * A, A)) == {}
    assert structure.zero(gradient(1e-300 * A, A)) is None
    assert structure.zero(gradient(0 * A, 0 * A)) is None
    assert structure.zero(gradient(np.zeros(3), A)) is None


@pytest.mark.parametrize("got", [A.astype(int), A > 2, A.astype(np.uint8)])
def test_wrong_kind_of_numbers(gradient, got):
    evidence = structure.wrong_dtype(gradient(got, A))
    assert evidence == {"yours_dtype": str(got.dtype), "expected_dtype": "float64"}


@pytest.mark.parametrize("narrow", [np.float16, np.float32])
def test_few_digits(gradient, value, rng, narrow):
    right = rng.standard_normal((3, 4))
    for got in (right.astype(narrow), right.astype(narrow).astype(np.float64)):
        evidence = {"yours_dtype": np.dtype(narrow).name, "expected_dtype": "float64"}
        assert structure.wrong_dtype(gradient(got, right)) == evidence
        assert structure.wrong_dtype(value(got, right)) == evidence
        assert structure.wrong_dtype(value(2 * got, right)) is None


@pytest.mark.parametrize("off", [1.0, 1e-3, 1e-5])
def test_wrong_numbers_are_not_taken_for_few_digits(value, rng, off):
    right = rng.standard_normal((3, 4))
    assert structure.wrong_dtype(value(right + off * rng.standard_normal((3, 4)), right)) is None
    assert structure.wrong_dtype(value(np.ones((3, 4)), np.ones((3, 4)) * 1.5)) is None
