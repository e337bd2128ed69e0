"""Comparisons: whatever a student's code gave, the answer is a sentence and never an exception of numpy."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from tinygrade.checks.compare import compare, describe, require
from tinygrade.failures import StudentFailure
from tinygrade.worker.wire import HandleRef

few = settings(max_examples=80, deadline=None)
DTYPES = ["<f2", "<f4", "<f8", "<i2", "<i8", "<u4", "<u8", "|i1", "|u1", "|b1"]
ARRAYS = st.sampled_from(DTYPES).flatmap(lambda d: nps.arrays(d, nps.array_shapes(min_dims=0, min_side=0, max_side=3)))
FLOATS = nps.arrays("<f8", nps.array_shapes(min_dims=0, min_side=0, max_side=3))
INT = st.integers(1 - (1 << 63), (1 << 63) - 1)
KEYS = st.text(max_size=3) | INT | st.none()
#: Everything that the wire can bring.
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | INT
    | st.floats()
    | st.text(max_size=5)
    | ARRAYS
    | st.sampled_from([HandleRef(1, "Tensor"), np.float32(1), np.float64(np.nan), np.int8(-1), np.bool_(True)]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=6,
)
EXPECTED = {
    "array": np.array([[1.0, -2.0], [3e300, 0.0]]),
    "array with infinity": np.array([0.0, -np.inf]),
    "empty array": np.zeros((0, 3)),
    "integers": np.array([1, 2, 3]),
    "mask": np.array([[True, False], [True, True]]),
    "number": 2.5,
    "0-d array": np.array(2.5),
    "negative and huge": -1.7e308,
    "integer": 3,
    "bool": True,
    "string": "abc",
    "None": None,
    "list": [np.ones(2), 1.0],
    "tuple": (1.0, 2),
    "dict": {"a": np.ones(2), "b": 3.0},
}


def judged(judge, *args, **kwargs):
    """The student's failure, or None; any other exception and any warning fails the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # as in a grading
        try:
            judge(*args, **kwargs)
        except StudentFailure as failure:
            return failure
    return None


@few
@given(ANYTHING, st.sampled_from(sorted(EXPECTED)))
def test_whatever_came_it_is_right_or_the_students_failure(got, name):
    failure = judged(compare, got, EXPECTED[name], "it")
    if failure is not None:
        assert failure.status == "failed"
        assert failure.message.startswith("it")
        assert len(failure.message) < 300


@few
@given(ANYTHING, st.sampled_from([None, (), (3,), (2, 2)]), st.sampled_from(["", "f", "i", "b"]), st.booleans())
def test_whatever_came_a_requirement_holds_or_is_the_students_failure(got, shape, dtype, finite):
    failure = judged(require, got, shape=shape, dtype=dtype, finite=finite)
    if failure is not None:
        assert failure.message.startswith("the result")
        return
    array = np.asarray(got)
    assert shape is None or array.shape == shape
    assert dtype in ("", array.dtype.kind)
    assert not finite or np.isfinite(array).all()


@few
@given(ANYTHING)
def test_anything_can_be_described_in_a_few_words(value):
    assert 0 < len(describe(value)) < 200


@few
@given(FLOATS.filter(lambda a: np.isfinite(a).all()))
def test_an_array_equals_itself(array):
    compare(array.copy(), array, "it")
    compare(array.tolist() if array.ndim == 0 else array, array, "it")


@few
@given(FLOATS, FLOATS)
def test_two_arrays_are_equal_exactly_when_all_entries_are_close(got, expected):
    close = got.shape == expected.shape and all(
        (a == b) or abs(a - b) <= 1e-9 + 1e-7 * abs(b) < math.inf
        for a, b in zip(got.ravel().tolist(), expected.ravel().tolist(), strict=True)
    )
    assert (judged(compare, got, expected, "it") is None) == close


# ---- tolerances --------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("expected", "rtol", "atol"),
    [(1.0, 1e-7, 1e-9), (0.0, 1e-7, 1e-9), (-1e6, 1e-7, 1e-9), (1.0, 0.0, 1e-3), (8.0, 0.25, 0.0), (8.0, 0.0, 0.0)],
)
def test_edges_of_the_tolerance(fails, expected, rtol, atol, sign):
    allowed = atol + rtol * abs(expected)
    compare(expected + sign * 0.999 * allowed, expected, "it", rtol=rtol, atol=atol)
    with fails("it: yours"):
        compare(expected + sign * max(1.001 * allowed, 1e-14), expected, "it", rtol=rtol, atol=atol)


def test_the_tolerance_unless_another_is_given(fails):
    compare(1e6 + 0.099, 1e6, "it")
    compare(0.9e-9, 0.0, "it")
    for got, expected in ((1e6 + 0.101, 1e6), (1.1e-9, 0.0)):
        with fails("it: yours"):
            compare(got, expected, "it")


def test_the_tolerance_is_relative_to_what_is_expected(fails):
    compare(np.array([1.0, 1.5]), np.array([1.0, 2.0]), "it", rtol=0.25, atol=0.0)
    with fails("it[1]"):
        compare(np.array([1.0, 2.0]), np.array([1.0, 1.5]), "it", rtol=0.25, atol=0.0)


def test_integers_and_masks_have_no_tolerance(fails):
    with fails("yours 4, expected 3"):
        compare(4, 3, "it", rtol=1.0, atol=10.0)
    with fails("yours False, expected True (1 of 2 entries differ)"):
        compare(np.array([True, False]), np.array([True, True]), "it", rtol=1.0, atol=10.0)


# ---- words -------------------------------------------------------------------------------------------

INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("got", "expected", "words"),
    [
        ([1.0, 2.0, 4.0], [1.0, 2.0, 3.0], "it[2]: yours 4, expected 3"),
        (np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0]), "it[2]: yours 4, expected 3 (1 of 3 entries differ)"),
        (np.eye(2), -np.eye(2) * 3, "it[0, 0]: yours 1, expected -3 (2 of 4 entries differ)"),
        (np.array([2.0, 9.0]), np.array([1.0, 3.0]), "it[1]: yours 9, expected 3 (2 of 2"),
        (np.array([1e308, 0]), np.array([-1e308, 0]), "it[0]: yours 1e+308, expected -1e+308 (1 of 2"),
        (np.array([-INF, 1.0]), np.array([-INF, 2.0]), "it[1]: yours 1, expected 2 (1 of 2"),
        (np.array([0.0, 1.0]), np.array([-INF, 1.0]), "it[0]: yours 0, expected -inf"),
        (np.array([INF, 1.0]), np.array([-INF, 1.0]), "it[0]: yours inf, expected -inf"),
        (np.array([-INF, NAN]), np.array([-INF, 1.0]), "it holds NaN at [1]"),
        (np.array([[INF, 0], [0, NAN]]), np.zeros((2, 2)), "it holds NaN at [1, 1]"),
        (np.array([0.0, INF]), np.zeros(2), "it holds infinity at [1]"),
        (NAN, 1.0, "it holds NaN"),
        (-INF, 1.0, "it holds infinity"),
        (np.zeros((2, 3)), np.zeros((3, 2)), "it has shape (2, 3), expected (3, 2)"),
        (np.zeros(3), np.zeros((1, 3)), "it has shape (3,), expected (1, 3)"),
        (np.zeros((0, 2)), np.zeros((2, 0)), "it has shape (0, 2)"),
        (1.0, np.zeros(1), "it has shape (), expected (1,)"),
        (np.array([1, 2]), np.array([1.0, 2.0]), "it has dtype int64, expected float64"),
        (np.array([1.0]), np.array([1]), "it has dtype float64, expected int64"),
        (np.array([1.0, 0.0]), np.array([True, False]), "it has dtype float64, expected bool"),
        (np.array([1, 0]), np.array([True, False]), "it has dtype int64, expected bool"),
        (np.array([True]), np.array([1]), "it has dtype bool, expected int64"),
        (3, 3.0, "it has dtype int64, expected float64"),
        (True, 1, "it has dtype bool"),
        (None, 1.0, "it is None, expected a number"),
        (None, np.zeros(2), "it is None, expected an array"),
        ("text", np.zeros(2), "it is a string, expected an array"),
        ([1.0, 2.0], np.zeros(2), "it is a list of 2, expected an array"),
        ({"a": 1}, 1.0, "it is a dict of 1, expected a number"),
        (HandleRef(3, "Tensor"), 1.0, "it is an object of type Tensor, expected a number"),
        (1.0, None, "it is the number 1.0, expected None"),
        (np.zeros(2), None, "it is an array of shape (2,) and dtype float64, expected None"),
        ("b", "a", "it is a string, expected a string"),
        (None, "a", "it is None, expected a string"),
        (3, [1, 2], "it is the number 3, expected 2 values"),
        ([1], [1, 2], "it has 1 values, expected 2"),
        ((1, 2, 3), [1, 2], "it has 3 values, expected 2"),
        (np.zeros(3), [0.0, 0.0], "it is an array of shape (3,)"),
        ([1, [2, 3]], [1, [2, 4]], "it[1][1]: yours 3, expected 4"),
        ([1], {"a": 1}, "it is a list of 1, expected a dict"),
        ({"b": 1}, {"a": 1}, "it has no 'a'"),
        ({"a": 2, "b": 1}, {"a": 1}, "it a: yours 2, expected 1"),
    ],
)
def test_what_a_failure_says(fails, got, expected, words):
    with warnings.catch_warnings(), fails(words):
        warnings.simplefilter("error")
        compare(got, expected, "it")


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (np.float32([0.5]), np.array([0.5])),
        (np.int8([1]), np.array([1])),
        (np.uint64([1]), np.array([1])),
        (1.0, np.float64(1.0)),
        (np.array(1.0), 1.0),
        (np.array([1.0, 2.0]), [1.0, 2.0]),
        ((1, 2), [1, 2]),
        ({"a": 1, "b": 2}, {"a": 1}),
        (np.array([-INF, 1.0]), np.array([-INF, 1.0])),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        ([], []),
        (None, None),
        ("a", "a"),
    ],
)
def test_what_is_accepted(got, expected):
    compare(got, expected, "it")


@pytest.mark.parametrize(
    ("got", "options", "words"),
    [
        (None, {}, "the result is None, expected an array"),
        ([1.0], {}, "the result is a list of 1, expected an array"),
        (np.zeros(2), {"shape": (3,)}, "the result has shape (2,), expected (3,)"),
        (np.zeros(2), {"shape": [2, 1]}, "the result has shape (2,), expected (2, 1)"),
        (np.zeros(2), {"dtype": "i"}, "expected integer numbers"),
        (1, {"dtype": "f"}, "the result is the number 1, expected float numbers"),
        (True, {"dtype": "i"}, "expected integer numbers"),
        (np.array([0.0, NAN]), {"finite": True}, "the result holds NaN at [1]"),
        (np.array([NAN]), {"finite": True, "name": "the loss"}, "the loss holds NaN"),
    ],
)
def test_what_a_missed_requirement_says(fails, got, options, words):
    with fails(words):
        require(got, **options)


@pytest.mark.parametrize(
    ("name", "got", "words"),
    [
        ("dx, dweight of norm_vjp", [np.zeros(2), np.ones(2)], "dweight of norm_vjp[0]: yours 1, expected 0"),
        ("dx, dweight, dbias of norm_vjp", [np.zeros(2), np.ones(2)], "dx, dweight, dbias of norm_vjp[1][0]: yours 1"),
        ("the loss of a batch", [np.zeros(2), np.ones(2)], "the loss of a batch[1][0]: yours 1"),
    ],
)
def test_the_parts_of_a_pair_have_names(fails, name, got, words):
    with fails(words):
        compare(got, [np.zeros(2), np.zeros(2)], name)
