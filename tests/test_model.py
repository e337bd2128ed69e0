"""The report's JSON form: documented by the schema, inverse to itself, and safe to show to a student."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrade
from tinygrade.model import (
    STATUSES,
    Adjustment,
    Case,
    CheckResult,
    Diagnosis,
    Isolation,
    Level,
    Report,
    Swap,
    check_from_json,
    check_to_json,
)

SCHEMA = json.loads((Path(tinygrade.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

# ---- made reports ----------------------------------------------------------------------------------

text = st.text(max_size=12)
number = st.floats(allow_nan=False, allow_infinity=False, width=32)
positive = st.floats(min_value=0, max_value=1000, width=32)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | number | text,
    lambda item: st.lists(item, max_size=3) | st.dictionaries(text, item, max_size=3),
    max_leaves=6,
)
tree = st.dictionaries(text, plain, max_size=3)
status = st.sampled_from(STATUSES)
cases = st.lists(st.builds(Case, id=text, status=status, message=text), max_size=3).map(tuple)
checks = st.builds(
    CheckResult,
    id=st.text(min_size=1, max_size=12),
    title=text,
    group=text,
    status=status,
    points=number,
    max_points=positive,
    task=text,
    message=text,
    hint=text,
    diagnosis=st.none() | st.builds(Diagnosis, code=text, evidence=tree),
    visibility=st.sampled_from(["visible", "hidden"]),
    seconds=positive,
    cases=cases,
    where=text,
    follows_from=st.lists(text, max_size=2).map(tuple),
    output=text,
)
reports = st.builds(
    Report,
    assignment=st.text(min_size=1, max_size=12),
    title=text,
    submission=st.fixed_dictionaries({"source": text, "sha256": text}),
    score=st.none() | number,
    max_score=positive,
    selected=st.booleans(),
    isolation=st.builds(
        Isolation, level=st.sampled_from(get_args(Level)), missing=st.lists(text, max_size=2).map(tuple)
    ),
    seed=st.integers(),
    environment=st.dictionaries(text, text, max_size=3),
    started=text,
    seconds=positive,
    checks=st.lists(checks, max_size=3).map(tuple),
    adjustments=st.lists(st.builds(Adjustment, points=number, reason=text), max_size=2).map(tuple),
    swaps=st.lists(
        st.builds(Swap, assignment=text, source=st.sampled_from(["own", "released"]), reason=text), max_size=2
    ).map(tuple),
    sections=tree,
    secret=st.none() | text,
    tinygrade=text,
)


def small_report(**changes: Any) -> Report:
    check = CheckResult("test_a.py::test_b", "b", "a", "failed", 0.0, 5.0, message="no")
    report = Report(
        assignment="a1",
        title="One",
        submission={"source": ".", "sha256": "0"},
        score=0.0,
        max_score=5.0,
        selected=False,
        isolation=Isolation("strong"),
        seed=1,
        environment={},
        started="",
        seconds=0.0,
        checks=(check,),
    )
    return replace(report, **changes)


# ---- round trip and schema -------------------------------------------------------------------------


@given(reports)
def test_report_survives_json(report: Report) -> None:
    assert Report.from_json(json.loads(json.dumps(report.to_json(), allow_nan=False))) == report


@given(reports)
def test_every_report_fits_the_schema(report: Report) -> None:
    VALIDATOR.validate(report.to_json())
    VALIDATOR.validate(report.student_view().to_json())


@given(checks)
def test_check_survives_json(check: CheckResult) -> None:
    assert check_from_json(json.loads(json.dumps(check_to_json(check)))) == check


def test_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_schema_knows_every_status() -> None:
    assert tuple(SCHEMA["$defs"]["status"]["enum"]) == STATUSES


def _property_trees(node: Any, name: str) -> list[tuple[str, dict[str, Any]]]:
    if isinstance(node, list):
        return [found for item in node for found in _property_trees(item, name)]
    if not isinstance(node, dict):
        return []
    own = [(f"{name}.{key}", value) for key, value in node.get("properties", {}).items()]
    return own + [found for key, item in node.items() for found in _property_trees(item, f"{name}.{key}")]


def test_every_property_is_described() -> None:
    found = _property_trees(SCHEMA, "report")
    assert len(found) > 30
    assert [name for name, value in found if not value.get("description")] == []


@pytest.mark.parametrize("where", [(), ("isolation",), ("submission",), ("checks", 0)])
def test_schema_refuses_unknown_keys(where: tuple[Any, ...]) -> None:
    written = small_report().to_json()
    target: Any = written
    for key in where:
        target = target[key]
    target["extra"] = 1
    assert not VALIDATOR.is_valid(written)


# ---- numbers and damage ----------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_not_finite_become_null(bad: float) -> None:
    written = small_report(sections={"training": {"curve": [(1, bad)]}}, score=bad).to_json()
    assert written["score"] is None
    assert written["sections"] == {"training": {"curve": [[1, None]]}}
    VALIDATOR.validate(written)


def test_a_report_holds_only_plain_values() -> None:
    with pytest.raises(TypeError, match="set"):
        small_report(sections={"training": {1, 2}}).to_json()


@pytest.mark.parametrize("tree", [None, [], "report", {}, {"schema": 2}, {"schema": "1"}])
def test_another_tree_is_not_a_report(tree: Any) -> None:
    with pytest.raises(ValueError, match="schema 1"):
        Report.from_json(tree)


DAMAGE = [
    ("checks", 5),
    ("checks", [None]),
    ("checks", [{"id": "x", "status": "passed"}]),
    ("checks", [{"id": "x", "status": "splendid"}]),
    ("isolation", None),
    ("isolation", {}),
    ("adjustments", [{"points": 1}]),
    ("swaps", [3]),
    ("surprise", 1),
]


@pytest.mark.parametrize(("key", "value"), DAMAGE)
def test_damage_is_told_as_a_value_error(key: str, value: Any) -> None:
    with pytest.raises(ValueError, match="damaged|unknown status"):
        Report.from_json({**small_report().to_json(), key: value})


@pytest.mark.parametrize("key", ["assignment", "isolation", "checks", "seed", "score"])
def test_a_missing_key_is_told_as_a_value_error(key: str) -> None:
    written = small_report().to_json()
    del written[key]
    with pytest.raises(ValueError, match="damaged"):
        Report.from_json(written)


# ---- what a student may see ------------------------------------------------------------------------


@given(reports)
def test_student_view_says_nothing_about_hidden_checks(report: Report) -> None:
    secret_words = replace(
        report,
        secret="TELLTALE",
        checks=tuple(
            replace(
                check,
                visibility="hidden",
                message="TELLTALE",
                hint="TELLTALE",
                where="TELLTALE",
                output="TELLTALE",
                follows_from=("TELLTALE",),
                cases=(Case("TELLTALE", "failed", "TELLTALE"),),
                diagnosis=Diagnosis("TELLTALE", {"TELLTALE": 1}),
                seconds=0.123456,
            )
            for check in report.checks
        ),
    )
    seen = json.dumps(secret_words.student_view().to_json())
    assert "TELLTALE" not in seen
    assert "0.123456" not in seen


@given(reports)
def test_student_view_keeps_points_titles_and_visible_checks(report: Report) -> None:
    seen = report.student_view()
    for before, after in zip(report.checks, seen.checks, strict=True):
        assert (after.id, after.title, after.status, after.points) == (
            before.id,
            before.title,
            before.status,
            before.points,
        )
        if before.visibility == "visible":
            assert after == before
    assert seen.student_view() == seen
