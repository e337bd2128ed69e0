"""Score policies: all of them count, and one that fails leaves no score."""

import math

import pytest

from tinygrade import Adjustment, hookimpl
from tinygrade.adjusting import adjusted

pytest_plugins = "tinygrade.testing"


def policy(answer):
    class Policy:
        @hookimpl
        def tinygrade_adjust_score(self, report, context):
            return answer(report, context)

    return Policy()


def bonus(points, reason="a bonus"):
    return policy(lambda report, context: Adjustment(points, reason))


def test_all_policies_count(adjust, make_report):
    report = adjust(make_report(), bonus(0.25), bonus(-0.5), policy(lambda report, context: None))
    assert report.score == 0.75
    assert {item.points for item in report.adjustments} == {0.25, -0.5}


def test_a_score_is_never_below_zero(adjust, make_report):
    assert adjust(make_report(), bonus(-10)).score == 0


def test_a_policy_is_given_the_context(adjust, make_report):
    late = policy(lambda report, context: Adjustment(-1, context["submitted"]))
    assert adjust(make_report(), late, submitted="today").adjustments[0].reason == "today"


def test_without_a_score_nobody_is_asked(adjust, make_report):
    report = make_report(score=None)
    assert adjust(report, policy(lambda report, context: 1 / 0)) == report


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (lambda report, context: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda report, context: -3, "TypeError: gave a int instead of an Adjustment or None"),
        (lambda report, context: Adjustment(math.nan, "x"), "ValueError: gave nan points"),
        (lambda report, context: Adjustment("3", "x"), "ValueError: gave '3' points"),
        (lambda report, context: Adjustment(1, " "), "ValueError: gave no reason"),
    ],
)
def test_a_policy_that_fails_leaves_no_score(plugin_manager, make_report, answer, problem):
    warnings = []
    report = adjusted(plugin_manager(bonus(1), policy(answer)), make_report(), {}, warnings.append)
    assert report.score is None
    kept, missing = report.adjustments
    assert kept == Adjustment(1, "a bonus")
    assert missing.points == 0
    assert problem in missing.reason
    (warning,) = warnings
    assert warning.startswith("plugin 'plugin1' failed in tinygrade_adjust_score: ")
