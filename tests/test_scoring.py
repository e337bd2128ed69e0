"""Scores: the sum of points, or no score at all."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrade.errors import GraderError
from tinygrade.model import STATUSES, CheckResult
from tinygrade.scoring import score


def result(status="passed", points=5.0, max_points=5.0, **more):
    return CheckResult(more.pop("id", "check"), "Title", "group", status, points, max_points, **more)


def test_the_score_is_the_sum_of_points():
    results = [result(), result("partial", 2.5), result("failed", 0.0)]
    assert score(results, 15, selected=False) == 7.5


def test_the_score_has_two_decimals():
    third = [result("partial", 5 / 3) for _ in range(3)]
    assert score(third, 15, selected=False) == 5.0
    assert score([result("partial", 1 / 3)], 5, selected=False) == 0.33


def test_a_selection_has_no_score():
    assert score([result()], 100, selected=True) is None


def test_our_fault_is_never_a_zero():
    assert score([result(), result("grader_error", 0.0)], 10, selected=False) is None


def test_an_assignment_without_checks_scores_zero_of_zero():
    assert score([], 0, selected=False) == 0.0


@pytest.mark.parametrize(
    "wrong",
    [
        result("fine"),
        result("passed", 6.0),
        result("passed", -1.0),
        result("passed", math.nan),
        result("passed", math.inf),
        result("passed", 5.0, math.nan),
        result("passed", 0.0, -1.0),
        result("failed", 1.0),
        result("not_implemented", 5.0),
        result("grader_error", 5.0),
    ],
)
@pytest.mark.parametrize("selected", [True, False])
def test_a_result_that_makes_no_sense_is_our_fault(wrong, selected):
    with pytest.raises(GraderError, match="check"):
        score([wrong], wrong.max_points, selected)


@pytest.mark.parametrize("results", [[], [result()], [result(), result(), result()]])
def test_a_check_that_did_not_run_is_not_silently_zero(results):
    with pytest.raises(GraderError, match=r"the checks that ran are worth .* the assignment 10"):
        score(results, 10, selected=False)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 50), st.sampled_from(STATUSES)), max_size=20))
def test_a_score_lies_between_nothing_and_everything(rows):
    results = [
        result(status, share * limit if status in ("passed", "partial") else 0.0, limit)
        for share, limit, status in rows
    ]
    total = math.fsum(r.max_points for r in results)
    value = score(results, total, selected=False)
    if any(r.status == "grader_error" for r in results):
        assert value is None
    else:
        assert value is not None
        assert 0 <= value <= total + 0.005
