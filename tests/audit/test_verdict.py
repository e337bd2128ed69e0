"""From reports to verdicts: every way in which a mutant or a right solution can go wrong."""

import pytest

from tinygrade.audit import verdict
from tinygrade.audit.files import Mutant
from tinygrade.audit.plan import Trial
from tinygrade.model import CheckResult, Diagnosis, Isolation, Report


def checks(**lost):
    """Two checks of 5 points; `lost` says what each loses and, in a pair, the code of its diagnosis."""
    found = []
    for name in ("test_a", "test_b"):
        points, code = lost.get(name, (0, "")) if isinstance(lost.get(name), tuple) else (lost.get(name, 0), "")
        status = "failed" if points else "passed"
        diagnosis = Diagnosis(code, {}) if code else None
        found.append(CheckResult(f"t.py::{name}", name, "g", status, 5 - points, 5, diagnosis=diagnosis, message="no"))
    return found


def report(found):
    return Report("one", "One", {}, 0.0, 10, False, Isolation("none"), 1, {}, "", 0.0, tuple(found))


def mutant(**facts):
    values = {"check": "test_a", "codes": ("right",), "costs": 5.0, **facts}
    return Trial("mutant", "m", "what", {}, Mutant("m", None, "what", (), "B1", **values))


def test_caught_named_and_cheap():
    found = verdict.judge(mutant(), report(checks(test_a=(5, "right"))))
    assert (found.caught, found.diagnosis, found.cost, found.problems) == ("named", "right", 5, ())


@pytest.mark.parametrize(
    ("lost", "facts", "problem"),
    [
        ({}, {}, "LIVES"),
        ({"test_b": 5}, {}, "test_a takes no point, but test_b"),
        ({"test_a": 5, "test_b": 1}, {}, "costs 6, may cost 5"),
        ({"test_a": (5, "wrong")}, {}, "is called wrong, is right"),
        ({"test_a": (5, "wrong"), "test_b": (0, "right")}, {}, "is called wrong, is right"),
        ({"test_a": (5, "wrong")}, {"codes": ()}, "is called wrong, is no diagnosis"),
    ],
)
def test_problems_of_a_mutant(lost, facts, problem):
    found = verdict.judge(mutant(**facts), report(checks(**lost)))
    assert [text for text in found.problems if problem in text]


def test_no_pattern_recognised_is_no_problem():
    found = verdict.judge(mutant(), report(checks(test_a=5)))
    assert found.diagnosis == "none"
    assert not found.problems


def test_rounding_is_no_loss():
    results = checks(test_a=5e-9)
    assert verdict.judge(mutant(), report(results)).caught == "lives"
    assert not verdict.judge(Trial("correct", "c", "", {}), report(results)).problems


def test_what_is_right_must_not_lose_points_nor_be_named():
    trial = Trial("correct", "c", "", {})
    assert not verdict.judge(trial, report(checks())).problems
    assert "test_b" in verdict.judge(trial, report(checks(test_b=1))).problems[0]
    assert "guilty" in verdict.judge(trial, report(checks(test_a=(0, "guilty")))).problems[0]


@pytest.mark.parametrize("trial", [mutant(), Trial("correct", "c", "", {}), Trial("nonsense", "n", "", {})])
def test_a_grader_error_is_always_a_problem(trial):
    broken = CheckResult("t.py::test_a", "a", "g", "grader_error", 0, 5, message="ours")
    assert [p for p in verdict.judge(trial, report([broken])).problems if "grader_error: ours" in p]
    assert verdict.unjudged(trial, "no").problems == ("no report: no",)


def test_nonsense_may_lose_anything():
    found = verdict.judge(Trial("nonsense", "n", "", {}), report(checks(test_a=5, test_b=(5, "any"))))
    assert not found.problems


def test_figures():
    verdicts = [
        verdict.judge(mutant(), report(checks(test_a=(5, "right")))),
        verdict.judge(mutant(), report(checks(test_a=(5, "wrong")))),
        verdict.judge(mutant(), report(checks(test_a=5, test_b=5))),
        verdict.judge(mutant(), report(checks())),
        verdict.judge(Trial("correct", "c", "", {}), report(checks(test_a=5))),
        verdict.judge(Trial("nonsense", "unseen", "", {}), report(checks())),
        verdict.judge(Trial("nonsense", "n", "", {}), report(checks(test_a=5))),
    ]
    figures = verdict.summary(verdicts)
    assert (figures.mutants, figures.caught, figures.right, figures.unnamed, figures.wrong) == (4, 3, 1, 2, 1)
    assert (figures.too_dear, figures.correct, figures.accused) == (1, 1, 1)
    assert (figures.nonsense, figures.unnoticed) == (2, ("unseen",))
    assert figures.problems == 4
