"""`tinygrade audit --recorded`: both gradings of a submission, and where they differ."""

import pytest

from tinygrade.audit.recorded import Comparison, differences
from tinygrade.model import CheckResult, Diagnosis, Isolation, Report, Swap

RETURN = "    return 2.0 * x\n"


def report(*checks, swaps=()):
    isolation = Isolation("none", ())
    return Report("a", "A", {}, 1.0, 5.0, False, isolation, 1, {}, "", 0.0, checks, swaps=swaps)


def check(status="passed", points=5.0, code="", message=""):
    diagnosis = Diagnosis(code, {}) if code else None
    return CheckResult("t.py::test", "t", "g", status, points, 5.0, message=message, diagnosis=diagnosis)


def test_equal_verdicts_do_not_differ():
    mine, theirs = check("failed", 0.0, "squared", "one"), check("failed", 0.0, "squared", "told otherwise")
    assert list(differences(report(mine), report(theirs))) == []


@pytest.mark.parametrize(
    ("live", "recorded", "told"),
    [
        (check(), check("failed", 0.0, "", "no\nanswer"), "passed, 5 points; recorded: failed, 0 points (no answer)"),
        (check("partial", 2.0), check("partial", 3.0), "partial, 2 points; recorded: partial, 3 points"),
        (check("failed", 0, "squared"), check("failed", 0), "failed, 0 points, squared; recorded: failed, 0 points"),
    ],
)
def test_status_points_and_diagnosis_count(live, recorded, told):
    assert list(differences(report(live), report(recorded))) == [f"t.py::test: {told}"]


def test_a_missing_check_and_another_swap_count():
    live = report(check(), swaps=(Swap("a1", "released", "why"),))
    found = list(differences(live, report()))
    assert found == ["t.py::test: passed, 5 points; recorded: nothing", "swaps ['a1 released why']; recorded: []"]
    assert list(Comparison("m", tuple(found)).lines()) == ["m", *(f"   {line}" for line in found)]
    assert list(Comparison("m", ()).lines()) == []


def test_a_small_course_both_ways(small):
    small.mutant("squares", RETURN, "    return x * x\n", diagnosis=["squared"])
    done = small.audit("--recorded", "-k", "squares")
    assert done.exit_code == 0, done.stdout + done.stderr
    assert "1 submissions, 0 judged otherwise with a recorded reference" in done.stdout
    assert "--recorded --seed" in done.stdout


def test_a_report_is_refused(small):
    small.mutant("squares", RETURN, "    return x * x\n")
    done = small.audit("--recorded", "--report", "json")
    assert done.exit_code == 2
    assert "--recorded writes no report" in done.stderr
