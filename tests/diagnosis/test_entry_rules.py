"""Rules on which entries are wrong, and on whose gradient it is."""

import numpy as np
import pytest

from tinygrade.diagnosis.rules import arguments, entries


def scattered(ids, g, rows, how):
    dx = np.zeros((rows, g.shape[-1]))
    if how == "add":
        np.add.at(dx, ids, g)
    elif how == "last":
        dx[ids] = g
    elif how == "first":
        dx[ids[::-1]] = g[::-1]
    return dx


@pytest.mark.parametrize(("how", "kept"), [("last", "the last"), ("first", "the first")])
def test_repeated_index(gradient, rng, how, kept):
    ids, g = np.array([0, 2, 2, 1, 2]), rng.standard_normal((5, 3))
    seen = gradient(scattered(ids, g, 4, how), scattered(ids, g, 4, "add"), [np.ones((4, 3)), ids], g)
    assert entries.repeated_index(seen) == {"rows": [2], "uses": [3], "kept": kept}


def test_repeated_index_on_two_axes_and_negative(gradient, rng):
    ids, g = np.array([[0, 1], [-1, 0]]), rng.standard_normal((2, 2, 3))
    flat = g.reshape(4, 3)
    seen = gradient(
        scattered(ids.ravel(), flat, 3, "last"), scattered(ids.ravel(), flat, 3, "add"), [np.ones((3, 3)), ids], g
    )
    assert entries.repeated_index(seen)["rows"] == [0]


def test_what_is_no_repeated_index(gradient, rng):
    ids, g = np.array([0, 2, 2, 1, 2]), rng.standard_normal((5, 3))
    right = scattered(ids, g, 4, "add")
    single = right.copy()
    single[0] += 1.0  # a row that was picked once
    counted = right / np.array([[1], [1], [3], [1]])  # the mean of the uses: none of them
    for got in (single, counted, 2 * right, np.zeros_like(right)):
        assert entries.repeated_index(gradient(got, right, [np.ones((4, 3)), ids], g)) is None
    assert entries.repeated_index(gradient(scattered(ids, g, 4, "last"), right, [np.ones((4, 3))], g)) is None


def test_one_per_row(gradient, value, rng):
    right, columns = rng.standard_normal((4, 5)), np.array([0, 3, 1, 1])
    got = right.copy()
    got[np.arange(4), columns] += 1.0
    assert entries.one_per_row(gradient(got, right)) == {"columns": [0, 3, 1, 1]}
    named = entries.one_per_row(value(got, right, x=right, targets=columns))
    assert named == {"columns": [0, 3, 1, 1], "columns_are": "targets"}
    # a row that was left out must be explained by an index
    got[0] = right[0]
    assert entries.one_per_row(gradient(got, right)) is None
    assert entries.one_per_row(value(got, right, targets=columns))["columns_are"] == "targets"


def test_what_is_not_one_per_row(gradient, rng):
    right = rng.standard_normal((4, 5))
    two = right.copy()
    two[:, :2] += 1.0
    alone = right.copy()
    alone[2, 3] += 1.0
    for got in (two, alone, right + 1, 2 * right):
        assert entries.one_per_row(gradient(got, right)) is None
    narrow = right[:, :2].copy()
    narrow[:, 0] += 1
    assert entries.one_per_row(gradient(narrow, right[:, :2])) is None, "one of two is no pattern"


@pytest.mark.parametrize("axis", [0, 1])
def test_centering(gradient, rng, axis):
    raw = rng.standard_normal((4, 5))
    right = raw - raw.mean(axis=axis, keepdims=True)
    assert entries.centering(gradient(raw, right))["axis"] == axis
    assert entries.centering(gradient(right + 0.5, right)) is not None
    assert entries.centering(gradient(raw + 1e-3 * rng.standard_normal((4, 5)), right)) is None
    assert entries.centering(gradient(raw, raw + 0.5)) is None, "the right one need not sum to zero"


def test_negative(gradient, value, rng):
    x, right = rng.standard_normal((2, 4, 5))
    got = np.where(x < 0, 7.0, right)
    assert entries.negative(gradient(got, right, [x]))["where_negative"] == "x"
    assert entries.negative(value(got, right, base=x))["where_negative"] == "base"
    assert entries.negative(value(np.where(x > 0, 7.0, right), right, base=x)) is None
    assert entries.negative(value(np.where(x < -0.5, 7.0, right), right, base=x)) is None
    assert entries.negative(value(got[:1, :3], right[:1, :3], base=x[:1, :3])) is None


def test_wrong_argument(gradient, rng):
    a, b = rng.standard_normal((2, 3, 4))
    both = {"wrt": (0, 1), "expected_grads": [a, b]}
    assert arguments.of_another(gradient(b, a, **both)) == {"gradient_of": "y"}
    assert arguments.of_another(gradient(a, b, position=1, **both)) == {"gradient_of": "x"}
    for got in (a + b, -b, np.zeros((3, 4)), b[:, :1]):
        assert arguments.of_another(gradient(got, a, **both)) is None


def used(gradient, times, count=2, *, adds_up=None, positions=(0, 1), seed=3):
    ways = list(np.random.default_rng(seed).standard_normal((count, 3)))
    got = sum(n * way for n, way in zip(times, ways, strict=True))
    return gradient(
        np.asarray(got),
        sum(ways),
        positions=positions,
        contributions=lambda: ways,
        adds_up=None if adds_up is None else lambda: adds_up,
    )


def test_overwritten(gradient):
    assert arguments.overwritten(used(gradient, [0, 1])) == {"ways": 2, "times": [0, 1]}
    assert arguments.overwritten(used(gradient, [0, 1, 1], 3))["times"] == [0, 1, 1]
    assert arguments.overwritten(used(gradient, [0, 1], adds_up=False, positions=()))
    for times in ([1.5, 0.2], [2, 1], [0, 0]):
        assert arguments.overwritten(used(gradient, times)) is None


def test_equal_uses(gradient):
    ways = [np.array([1.0, 2.0]), np.array([1.0, 2.0])]
    seen = gradient(ways[0], 2 * ways[0], contributions=lambda: ways, positions=(0, 1))
    assert arguments.overwritten(seen)["times"] in ([0, 1], [1, 0])


def test_doubled(gradient):
    assert arguments.doubled(used(gradient, [2, 1]))["times"] == [2, 1]
    assert arguments.doubled(used(gradient, [2, 2]))["times"] == [2, 2]
    assert arguments.doubled(used(gradient, [0, 1])) is None


def test_out_of_order(gradient):
    for times in ([0, 1], [2, 1]):
        assert arguments.out_of_order(used(gradient, times, adds_up=True, positions=()))["times"] == times
        assert arguments.out_of_order(used(gradient, times, adds_up=False, positions=())) is None
        assert arguments.out_of_order(used(gradient, times, positions=())) is None
        # one operation with the tensor at both places: no order could be wrong, and its own backward is
        seen = used(gradient, times, adds_up=True)
        assert arguments.out_of_order(seen) is None
        assert arguments.overwritten(seen) is None
        assert arguments.doubled(seen) is None


def test_a_single_way_or_too_many_prove_nothing(gradient):
    for count in (1, 7):
        seen = used(gradient, [0] * (count - 1) + [2], count, positions=())
        assert arguments.doubled(seen) is None
