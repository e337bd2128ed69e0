"""From cases to the result of a check."""

import pytest

from tinygrade.checks.marks import Marks
from tinygrade.checks.results import Outcome, combine
from tinygrade.model import STATUSES, CheckResult, Diagnosis


def marks(**more):
    values = {"points": 6.0, "title": "Mask", "task": "A3.1", "needs": (), "given": (), "hint": "Why?", "where": ""}
    return Marks(**{**values, "visibility": "visible", "cpu_seconds": None, "slow": False, **more})


def outcome(status="passed", fraction=None, **more):
    return Outcome(more.pop("case", ""), status, float(status == "passed") if fraction is None else fraction, **more)


def needed(status):
    return CheckResult("test_1.py::test_a", "The part before", "group", status, 0.0, 1.0)


def result(*outcomes, needs=(), **more):
    return combine("test_2.py::test_b", "group", marks(**more), outcomes, needs)


@pytest.mark.parametrize("status", [s for s in STATUSES if s not in ("passed", "partial")])
def test_one_case_keeps_its_status_and_has_no_points(status):
    got = result(outcome(status, message="because", where="ops.py:3 f"))
    assert (got.status, got.points, got.max_points) == (status, 0.0, 6.0)
    hint = "" if status == "blocked" else "Why?"  # the task has not even been tried
    assert (got.message, got.hint, got.where) == ("because", hint, "ops.py:3 f")
    assert got.cases == ()


def test_a_pass():
    got = result(outcome(message="fine"))
    assert (got.status, got.points, got.message, got.hint) == ("passed", 6.0, "fine", "")
    assert got.follows_from == ()


@pytest.mark.parametrize(("fraction", "points"), [(0.5, 3.0), (1 / 3, 2.0), (0.01, 0.06)])
def test_partial_credit(fraction, points):
    got = result(outcome("partial", fraction))
    assert (got.status, got.points) == ("partial", pytest.approx(points))


def test_cases_share_the_points_and_the_first_failure_is_shown():
    got = result(
        outcome(case="a", message="fine", seconds=1.0, output="one "),
        outcome("failed", case="b", message="wrong", seconds=0.5, output="two"),
        outcome("timed_out", case="c", message="slow"),
    )
    assert (got.status, got.points, got.message) == ("partial", 2.0, "wrong")
    assert [(case.id, case.status, case.message) for case in got.cases] == [
        ("a", "passed", "fine"),
        ("b", "failed", "wrong"),
        ("c", "timed_out", "slow"),
    ]
    assert (got.seconds, got.output) == (1.5, "one two")


def test_when_no_case_passes_the_first_failure_names_the_status():
    got = result(outcome("timed_out", case="a"), outcome("failed", case="b"))
    assert (got.status, got.points) == ("timed_out", 0.0)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_our_fault_wins_over_everything(position):
    outcomes = [outcome(case="a"), outcome("crashed", case="b")]
    outcomes.insert(position, outcome("grader_error", case="c", message="ours"))
    got = result(*outcomes, needs=[needed("not_implemented")])
    assert (got.status, got.points) == ("grader_error", 0.0)


@pytest.mark.parametrize("missing", ["not_implemented", "blocked"])
@pytest.mark.parametrize("status", ["failed", "crashed"])
def test_what_rests_on_a_stub_is_blocked(missing, status):
    got = result(outcome(status, message="odd"), needs=[needed("passed"), needed(missing)])
    assert (got.status, got.points) == ("blocked", 0.0)
    assert got.message == "rests on “The part before”, which is not there yet"
    assert got.follows_from == ("test_1.py::test_a",)


@pytest.mark.parametrize("before", ["failed", "partial", "timed_out", "crashed", "out_of_memory", "grader_error"])
def test_what_rests_on_something_that_failed_is_not_blocked(before):
    got = result(outcome("failed", message="odd"), needs=[needed(before)])
    assert (got.status, got.message, got.follows_from) == ("failed", "odd", ("test_1.py::test_a",))


@pytest.mark.parametrize("status", ["not_implemented", "timed_out", "out_of_memory", "blocked"])
def test_a_status_of_its_own_is_not_hidden_by_a_stub_before(status):
    assert result(outcome(status), needs=[needed("not_implemented")]).status == status


def test_a_pass_needs_nothing():
    got = result(outcome(), needs=[needed("not_implemented")])
    assert (got.status, got.points, got.follows_from) == ("passed", 6.0, ())


def test_a_pass_with_a_given_part_follows_from_it():
    assert result(outcome(given=("test_1.py::test_a",))).follows_from == ("test_1.py::test_a",)


def test_hint_and_diagnosis_of_the_failure_come_first():
    found = Diagnosis("E1", {})
    got = result(outcome("failed", hint="Look at the mask", diagnosis=found))
    assert (got.hint, got.diagnosis) == ("Look at the mask", found)


def test_text_of_students_is_cleaned_and_cut():
    text = "\x1b[31mred\x1b[0m\x00" + "x" * 10_000
    got = result(outcome("failed", case="a", message=text, output=text * 20), outcome("failed", case="b", hint=text))
    for shown in (got.message, got.cases[0].message, got.output):
        assert "\x1b" not in shown
        assert shown.startswith("red")
    assert len(got.message) <= 2048
    assert len(got.output) <= 1 << 16


def test_points_have_four_decimals():
    assert result(outcome("partial", 1 / 7), points=1.0).points == 0.1429
