"""Reading a stored report: what `to_json` wrote, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_model import SCHEMA, reports, small_report
from tinygrade import stored
from tinygrade.errors import UsageError
from tinygrade.model import Report


def relaxed(schema: Any) -> Any:
    """The schema, of which nothing is required that has a default."""
    if isinstance(schema, list):
        return [relaxed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    tree = {key: relaxed(value) for key, value in schema.items()}
    if isinstance(tree.get("required"), list):
        tree["required"] = [key for key in tree["required"] if key not in stored.OPTIONAL]
    return tree


#: Seeds of any size survive JSON, and only those of 63 bits are read.
ordinary = reports.map(lambda report: replace(report, seed=report.seed % 2**31))
VALIDATOR = jsonschema.Draft202012Validator(relaxed(SCHEMA))
WRITTEN = small_report().to_json()
CHECK = WRITTEN["checks"][0]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "r.json"


def refused(file: Path) -> str:
    """The message, which names the file and is one line."""
    with pytest.raises(UsageError) as told:
        stored.read(file)
    text = str(told.value)
    assert text.startswith(str(file))
    assert "\n" not in text
    return text.removeprefix(str(file))


@settings(max_examples=30, deadline=None)
@given(ordinary)
def test_what_was_written_is_read(report: Report) -> None:
    assert stored._first_problem(json.loads(json.dumps(report.to_json()))) == ""


def test_a_file_is_read(file: Path) -> None:
    report = small_report(sections={"loss": float("nan")}, secret="5ec4e7")
    file.write_text(json.dumps(report.to_json()), encoding="utf-8")
    assert stored.read(file) == Report.from_json(report.to_json())


def test_fields_that_came_later_may_be_missing(file: Path) -> None:
    assert {"hints", "secret", "where", "output"} <= stored.OPTIONAL
    older = {key: value for key, value in WRITTEN.items() if key not in stored.OPTIONAL - {"schema"}}
    older["checks"] = [{key: value for key, value in CHECK.items() if key not in stored.OPTIONAL - {"message"}}]
    file.write_text(json.dumps(older))
    assert stored.read(file) == Report.from_json(WRITTEN)


# ---- what is no report -----------------------------------------------------------------------------

TEXTS = {
    "empty": (b"", ": is empty"),
    "blank": (b" \n", ": is empty"),
    "not UTF-8": (b'{"schema": 1, "title": "\xff"}', ":1: is not UTF-8 text (byte 24): save it as UTF-8"),
    "UTF-16": ('{"schema": 1}'.encode("utf-16"), ":1: is not UTF-8 text (byte 0): save it as UTF-8"),
    "text": (b"SCORE 100/100", ":1: is no report: not JSON (Expecting value)"),
    "damage": (b'{\n"schema": 1,\n"title": "One" 2', ":3: is no report: not JSON (Expecting ',' delimiter)"),
    "NaN": (b'{"schema": 1, "score": NaN}', ": is no report: NaN is not JSON"),
    "too deep to read": (b"[" * 200_000, ": is no report: "),
    "too long a number": (b'{"schema": 1, "seed": ' + b"1" * 5000 + b"}", ": is no report: Exceeds the limit"),
    "a list": (b"[1, 2]", ": is no tinygrade report"),
    "another tree": (b'{"score": 3}', ": is no tinygrade report"),
    "another schema": (b'{"schema": "https://json-schema.org"}', ": is no tinygrade report"),
    "true": (b'{"schema": true}', ": is no tinygrade report"),
    "a newer one": (b'{"schema": 2, "tinygrade": "9.1"}', "newer kind, written by tinygrade 9.1 in schema 2; this ti"),
    "an older one": (b'{"schema": 0}', "older kind, written in schema 0; this tinygrade reads 1: grade the submission"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_other_text_is_told(name: str, file: Path) -> None:
    data, message = TEXTS[name]
    file.write_bytes(data)
    assert message in refused(file)


def test_a_report_that_was_cut_is_told_wherever_it_was(file: Path) -> None:
    text = json.dumps(WRITTEN, indent=2)
    for end in range(1, len(text) - 1, 7):
        file.write_text(text[:end])
        assert "is no report" in (message := refused(file)) or "in the middle of a report" in message, text[:end]
    file.write_text(text[: text.index("[") + 1])
    assert "ends in line" in refused(file)


def test_what_cannot_be_read_is_told(file: Path, tmp_path: Path) -> None:
    assert refused(file) == ": cannot be read: No such file or directory"
    assert refused(tmp_path) == ": cannot be read: Is a directory"


def test_a_huge_file_is_not_read(file: Path) -> None:
    with file.open("wb") as stream:
        stream.truncate(2**40)  # sparse
    assert refused(file) == ": is larger than 16 MiB, which no report is"


def test_what_is_nested_too_deeply_is_refused(file: Path) -> None:
    deep: Any = 1
    for _ in range(500):
        deep = [deep]
    file.write_text(json.dumps(WRITTEN | {"sections": {"x": deep}}))
    assert refused(file) == ": damaged report: is nested too deeply"


# ---- damage ----------------------------------------------------------------------------------------

#: Key, what it becomes, and what is told; a dotted key is one of the first check.
DAMAGE = {
    "a text as title": ("title", 5, "title is a number and should be string"),
    "an unknown key": ("extra", 1, "extra is not known"),
    "no name": ("assignment", "", "assignment is empty"),
    "checks": ("checks", {}, "checks is object and should be array"),
    "a version": ("environment", {"numpy": 2.4}, "environment.numpy is a number and should be string"),
    "a level": ("isolation", {"level": "good", "missing": []}, "isolation.level is none of strong, weak, none"),
    "a huge number": ("score", 10**400, "score is a number beyond all bounds and should be number or null"),
    "a huge seed": ("seed", 2**63, "seed is a number beyond all bounds and should be integer"),
    "a text as points": ("check.points", "5", "checks[0].points is string and should be number"),
    "null points": ("check.points", None, "checks[0].points is null and should be number"),
    "true as points": ("check.points", True, "checks[0].points is boolean and should be number"),
    "negative points": ("check.max_points", -1, "checks[0].max_points is below 0"),
    "a status": ("check.status", "fine", "checks[0].status is none of passed, partial"),
    "a case": ("check.cases", [{"id": "a", "message": "m"}], "checks[0].cases[0].status is missing"),
    "a diagnosis": ("check.diagnosis", {"code": "a"}, "checks[0].diagnosis.evidence is missing"),
}


def test_a_missing_key_is_told(file: Path) -> None:
    file.write_text(json.dumps({key: value for key, value in WRITTEN.items() if key != "seed"}))
    assert refused(file) == ": damaged report: seed is missing"


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_told_with_its_place(name: str, file: Path) -> None:
    place, value, message = DAMAGE[name]
    key = place.removeprefix("check.")
    tree = WRITTEN | ({key: value} if key == place else {"checks": [CHECK | {key: value}]})
    file.write_text(json.dumps(tree))
    assert refused(file).startswith(f": damaged report: {message}")


def test_infinity_by_the_back_door(file: Path) -> None:
    file.write_text(json.dumps(WRITTEN).replace('"score": 0.0', '"score": 1e999'))
    assert "score is a number beyond all bounds" in refused(file)


values = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.text(max_size=2), st.just([]), st.just({}))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_it_finds_what_a_full_validator_finds(data: st.DataObject) -> None:
    """jsonschema knows all of JSON Schema; of what `report.schema.json` uses, ours knows as much."""
    report = data.draw(ordinary)
    tree = json.loads(json.dumps(report.to_json()))
    node: Any = tree
    while isinstance(node, dict | list) and node:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.booleans()):
            if isinstance(node, dict) and data.draw(st.booleans()):
                del node[key]
            else:
                node[key] = data.draw(values)
            break
        node = node[key]
    tree["schema"] = 1  # read before all else, see above
    assert (stored._first_problem(tree) == "") == VALIDATOR.is_valid(tree)
