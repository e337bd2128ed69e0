"""The error of each entry, as a report holds it."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrade.checks.compare import compare
from tinygrade.checks.diagnosing import named
from tinygrade.checks.errormaps import error_map
from tinygrade.checks.gradients import compare_gradient
from tinygrade.diagnosis.catalogue import Catalogue, Page
from tinygrade.errormap import ErrorMap
from tinygrade.failures import StudentFailure


def seen(got: object, expected: np.ndarray) -> ErrorMap | None:
    with pytest.raises(StudentFailure) as caught:
        compare(got, expected, "f(x)")
    return caught.value.error_map


def test_errors_are_parts_of_the_largest_right_entry_and_right_ones_are_zero() -> None:
    found = seen(np.array([[1.0, 2.0], [3.0, 4.5678]]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert found == ErrorMap("f(x)", (2, 2), ((0.0, 0.0), (0.0, 0.14)))


def test_truth_values_are_right_or_wrong() -> None:
    found = seen(np.array([True, True, False]), np.array([True, False, False]))
    assert found is not None
    assert found.rows == ((0.0, 1.0, 0.0),)


def test_what_is_not_finite_is_none() -> None:
    found = seen(np.array([[np.nan, 1.0], [np.inf, 5.0]]), np.ones((2, 2)))
    assert found is not None
    assert found.rows == ((None, 0.0), (None, 0.0))
    assert seen(np.array([0.0, 1.0]), np.array([-np.inf, 1.0])) == ErrorMap("f(x)", (2,), ((None, 0.0),))


def test_leading_axes_become_rows() -> None:
    expected = np.zeros((2, 3, 4))
    got = expected.copy()
    got[1, 2, 3] = 1.0
    found = seen(got, expected)
    assert found is not None
    assert found.shape == (2, 3, 4)
    assert found.rows[5] == (0.0, 0.0, 0.0, 1.0)
    assert sum(map(sum, found.rows)) == 1.0


@pytest.mark.parametrize("shape", [(100, 70), (33,), (1, 1000), (5, 7, 9), (32, 32), (2, 1)])
def test_a_large_array_is_given_in_blocks_with_their_worst_entry(shape: tuple[int, ...]) -> None:
    expected = np.ones(shape)
    got = expected.copy()
    got.flat[-1] = 3.0
    found = seen(got, expected)
    assert found is not None
    down, across = found.block
    assert len(found.rows) == -(-int(np.prod(shape[:-1])) // down) <= 32
    assert len(found.rows[0]) == -(-shape[-1] // across) <= 32
    assert found.rows[-1][-1] == 2.0
    assert sum(error for row in found.rows for error in row if error) == 2.0


def test_a_tiny_error_is_not_rounded_to_right() -> None:
    found = seen(np.array([1.0 + 3e-7, 1.0]), np.ones(2))
    assert found is not None
    assert found.rows == ((3e-7, 0.0),)


def test_there_is_none_without_an_array() -> None:
    assert seen(2.0, np.array(1.0)) is None
    assert seen(np.ones(3), np.ones(4)) is None
    assert seen("text", np.ones(4)) is None
    assert error_map(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 3), bool), "") is None


def test_no_expected_value_is_in_it() -> None:
    expected = np.array([0.123456789, 0.987654321, 0.5])
    found = seen(np.zeros(3), expected)
    assert found is not None
    assert found.rows == ((0.12, 1.0, 0.51),)


def test_a_gradient_and_its_diagnosis_keep_it() -> None:
    with pytest.raises(StudentFailure) as caught:
        compare_gradient(np.array([1.0, 2.0]), np.array([1.0, 1.0]), "mul: ", "a", 1.0)
    catalogue = Catalogue()
    catalogue.register(Page("some-code", "title", "question", "body"))
    told = named(caught.value, catalogue, "some-code", {})
    assert told.error_map == ErrorMap("mul: the gradient of a", (2,), ((0.0, 1.0),))
