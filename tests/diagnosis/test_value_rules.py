"""Rules on values of a forward: axes, offsets, shifts."""

import numpy as np
import pytest

from tinygrade.diagnosis.rules import values

REDUCE = {"sum": np.sum, "mean": np.mean, "largest": np.max, "variance": np.var, "standard deviation": np.std}


@pytest.mark.parametrize("what", REDUCE)
@pytest.mark.parametrize(("right", "wrong"), [(0, 1), (1, 0), (0, (0, 1)), ((0, 1), 0)])
def test_reduced_over_another_axis(value, rng, what, right, wrong):
    x = rng.standard_normal((3, 3))
    seen = value(np.asarray(REDUCE[what](x, axis=wrong)), REDUCE[what](x, axis=right), x=x)
    if np.shape(seen.got) == seen.expected.shape:
        evidence = values.another_axis(seen)
        assert (evidence["of"], evidence["what"]) == ("x", what)
        assert evidence["axes"] == list(np.atleast_1d(wrong))
        assert evidence["expected_axes"] == list(np.atleast_1d(right))


def shares(x, axis):
    return np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)


@pytest.mark.parametrize("shape", [(3, 3), (3, 4), (2, 3, 4)])
def test_normalised_along_another_axis(value, rng, shape):
    x = rng.standard_normal(shape)
    for function in (shares, lambda x, axis: np.log(shares(x, axis)), lambda x, axis: x - x.mean(axis, keepdims=True)):
        evidence = values.another_axis(value(function(x, 0), function(x, -1), x=x))
        assert evidence["axes"] == [0]
        assert evidence["expected_axes"] == [len(shape) - 1]


def test_what_is_no_other_axis(value, rng):
    x = rng.standard_normal((3, 3))
    right = shares(x, -1)
    for got in (2 * right, right + 0.1, right.T + 0.01, x, np.full((3, 3), 1 / 3), shares(2 * x, -1)):
        assert values.another_axis(value(got, right, x=x)) is None
    assert values.another_axis(value(x.sum(0) + 1, x.sum(1), x=x)) is None
    assert values.another_axis(value(np.array(1.0), np.array(2.0), x=x)) is None


def test_offset(value, rng):
    right = rng.standard_normal((2, 3))
    assert values.offset(value(right + 0.5, right))["offset"] == pytest.approx(0.5)
    assert values.offset(value(right - 1e-3, right))["offset"] == pytest.approx(-1e-3)
    for got in (right, 2 * right, right + rng.standard_normal(3), np.zeros((2, 3))):
        assert values.offset(value(got, right)) is None
    assert values.offset(value(np.array([1.0, 1.0]), np.array([2.0, 2.0]))) is None, "two equal numbers prove nothing"


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("by", [1, -1])
def test_shifted(value, rng, axis, by):
    right = rng.standard_normal((4, 5))
    moved = np.roll(right, by, axis)
    assert values.shifted(value(moved, right)) == {"axis": axis, "by": by}
    edge = [slice(None), slice(None)]
    edge[axis] = 0 if by == 1 else -1
    moved[tuple(edge)] = 0.0
    assert values.shifted(value(moved, right)) == {"axis": axis, "by": by}
    assert values.shifted(value(np.roll(right, 2 * by, axis), right)) is None
    assert values.shifted(value(right + 1, right)) is None


def test_a_constant_row_is_not_shifted(value):
    right = np.tile(np.array([[1.0], [2.0], [3.0]]), (1, 5))
    got = right.copy()
    got[:, 0] = 9.0
    assert values.shifted(value(got, right)) is None
