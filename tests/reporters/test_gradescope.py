"""results.json by the rules of Gradescope's documentation, which gradescope.schema.json writes down."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.reporters.test_hostile import evil_report
from tinygrade.model import Adjustment, CheckResult, Report
from tinygrade.reporters.gradescope import GradescopeReporter, not_graded

SCHEMA = json.loads(Path(__file__).with_name("gradescope.schema.json").read_text(encoding="utf-8"))
FORM = jsonschema.Draft202012Validator(SCHEMA)
#: Gradescope's rule for a result that counts.
SCORED = jsonschema.Draft202012Validator({"$ref": "#/$defs/scored", "$defs": SCHEMA["$defs"]})


def results(report: Report) -> dict[str, Any]:
    tree = json.loads(GradescopeReporter().render(report))
    FORM.validate(tree)
    return tree


def test_the_schema_takes_the_documented_example_and_refuses_nonsense() -> None:
    entry = {"name": "Time", "value": 15.1, "order": "asc"}
    example = {
        "score": 44.0,
        "execution_time": 136,
        "output": "text",
        "output_format": "simple_format",
        "visibility": "after_due_date",
        "stdout_visibility": "visible",
        "extra_data": {},
        "tests": [{"score": 2.0, "max_score": 2.0, "status": "passed", "name": "a", "number": "1.1", "tags": ["t"]}],
        "leaderboard": [entry, {"name": "Stars", "value": "*****"}],
    }
    FORM.validate(example)
    SCORED.validate(example)
    for wrong in (
        example | {"score": None},
        example | {"output_format": "markdown"},
        example | {"visibility": "student"},
        example | {"tests": [{"status": "partial"}]},
        example | {"leaderboard": [{"value": 1}]},
        example | {"points": 3},
    ):
        assert not FORM.is_valid(wrong)
    assert not SCORED.is_valid({"tests": []})
    assert not SCORED.is_valid({"tests": [{"score": 1}, {"name": "b"}]})


@pytest.mark.parametrize("name", ["full", "mistakes"])
def test_a_graded_run_has_its_score_and_those_of_its_checks(name: str, stored: Callable[[str], Report]) -> None:
    report = stored(name)
    tree = results(report)
    SCORED.validate(tree)
    assert tree["score"] == report.score
    assert [(t["score"], t["max_score"]) for t in tree["tests"]] == [(c.points, c.max_points) for c in report.checks]
    assert [t["status"] == "passed" for t in tree["tests"]] == [c.ok for c in report.checks]
    assert sum(t["score"] for t in tree["tests"]) == pytest.approx(tree["score"])
    assert len({t["number"] for t in tree["tests"]}) == len(tree["tests"])


@pytest.mark.parametrize("name", ["fault", "selected"])
def test_without_a_score_nothing_in_it_is_a_score(name: str, stored: Callable[[str], Report]) -> None:
    tree = results(stored(name))
    assert not SCORED.is_valid(tree), "Gradescope must not take this for a grade"
    assert "score" not in tree
    assert not [test for test in tree["tests"] if "score" in test or "max_score" in test]
    first = tree["output"].splitlines()[0]
    assert "not zero either" in first if name == "fault" else "partial run, not a grade" in first


def test_a_run_without_a_report_says_why_and_has_no_score() -> None:
    tree = json.loads(not_graded("the isolation is \x1b[31mweak\x1b[0m"))
    FORM.validate(tree)
    assert not SCORED.is_valid(tree)
    assert tree["output"] == "NOT GRADED, and not zero either: the isolation is weak\n"


def test_hidden_checks_come_after_the_due_date_and_are_not_told_before(stored: Callable[[str], Report]) -> None:
    report = stored("mistakes")  # the instructor's view, which must not get through
    tree = results(report)
    hidden = {t["name"]: t for t in tree["tests"] if t["visibility"] != "visible"}
    assert {name: t["visibility"] for name, t in hidden.items()} == {
        "A2.1 layer_norm": "after_due_date",
        "A2.2 softmax_vjp": "after_due_date",
    }
    assert hidden["A2.2 softmax_vjp"]["output"] == "TIMEOUT\nhidden check: nothing more is shown"
    assert "82/95 points in the visible checks" in tree["output"]
    assert "84/100" not in tree["output"], "with the points of the checks that are shown, that tells the hidden ones"
    assert "5 s of CPU" not in json.dumps(hidden)
    assert report.secret
    assert report.secret not in json.dumps(tree)


def test_a_hidden_check_without_points_stays_hidden(
    make_check: Callable[..., CheckResult], make_report: Callable[..., Report]
) -> None:
    tree = results(make_report(make_check("a", visibility="hidden", most=0.0)))
    assert tree["tests"][0]["visibility"] == "hidden"


def test_every_text_is_escaped_by_gradescope_and_says_so(make_report: Callable[..., Report]) -> None:
    tree = results(evil_report(make_report))
    assert {tree[key] for key in ("output_format", "test_output_format", "test_name_format")} == {"text"}
    assert {test[key] for test in tree["tests"] for key in ("name_format", "output_format")} == {"text"}
    assert tree["stdout_visibility"] == "hidden"


def test_it_says_how_to_repeat_the_run_and_with_what_it_was_made(stored: Callable[[str], Report]) -> None:
    tree = results(stored("full"))
    assert "again at home: tinygrade check assignment3 --seed 41" in tree["output"]
    assert "numpy 2.4.6, Python 3.11.7, Linux 6.8.0, isolation strong" in tree["output"]
    extra = tree["extra_data"]
    assert (extra["seed"], extra["isolation"]["level"], extra["tinygrade"]) == (41, "strong", "0.1.0")
    assert "secret" not in extra


def test_a_policy_changes_the_total(make_check: Callable[..., CheckResult], make_report: Callable[..., Report]) -> None:
    report = make_report(make_check("a"), score=3.0, adjustments=(Adjustment(-2.0, "two days late"),))
    tree = results(report)
    assert tree["score"] == 3.0, "it overrides the sum of the tests"
    assert "adjusted -2: two days late" in tree["output"]


def test_the_leaderboard_takes_what_has_its_form(
    make_check: Callable[..., CheckResult], make_report: Callable[..., Report]
) -> None:
    values = [True, None, [], float("nan"), float("inf"), 10**400]
    nonsense = ["x", None, {"name": 1, "value": 2}, {"name": "x"}, *({"name": "x", "value": v} for v in values)]
    good = [{"name": "loss", "value": 0.057, "order": "asc"}, {"name": "steps", "value": 70, "order": "down"}]
    report = make_report(make_check("a"), sections={"leaderboard": [*nonsense, *good]})
    assert results(report)["leaderboard"] == [
        {"name": "loss", "value": 0.057, "order": "asc"},
        {"name": "steps", "value": 70},
    ]
    assert "leaderboard" not in results(replace(report, sections={"leaderboard": nonsense}))
    assert "leaderboard" not in results(replace(report, sections={"leaderboard": "x"}))
