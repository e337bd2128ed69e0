"""Read a report that was stored as JSON. Where it comes from nobody knows: an older tinygrade, half a disk, a student.

What is not a report of this schema, as `report.schema.json` describes it, is told with its place and nothing is made of
it, so that whoever shows a report need not doubt its shape.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, NoReturn

from tinygrade import textfile
from tinygrade.errors import UsageError
from tinygrade.isolation import Isolation
from tinygrade.model import REPORT_SCHEMA, Adjustment, Case, CheckResult, Diagnosis, Report, Swap

SCHEMA_FILE = Path(__file__).with_name("report.schema.json")
#: Far above any report of ours (the largest that was seen has 0.1 MiB), and still read in a moment.
MAX_BYTES = 16 * 2**20
#: Levels of lists and tables; sections of plugins are a few deep.
MAX_DEPTH = 100
#: Whole numbers as any reader of JSON takes them.
MAX_INTEGER = 2**63
#: Other numbers; a sum over all of a report's is still one.
MAX_NUMBER = 1e300

_KINDS = (Report, CheckResult, Case, Diagnosis, Adjustment, Swap, Isolation)
_NEEDED = {f.name for kind in _KINDS for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}
#: What a report may lack: fields that have a default were added to the schema over time.
OPTIONAL = frozenset(f.name for kind in _KINDS for f in fields(kind)) - _NEEDED

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}


def read(file: Path) -> Report:
    """The report in `file`.

    Raises:
        UsageError: there is none; one line with the file, the place in it, and what to do.
    """
    tree = _tree(file, textfile.read(file, "report", MAX_BYTES))
    _check_schema(file, tree)
    problem = "is nested too deeply" if _too_deep(tree) else _first_problem(tree)
    if problem:
        raise UsageError(f"{file}: damaged report: {problem}")
    try:
        return Report.from_json(tree)
    except ValueError as error:
        raise UsageError(f"{file}: {error}") from error


def _tree(file: Path, text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        if not text[error.pos :].strip():
            what = f"ends in line {error.lineno} in the middle of a report: it was not written to its end"
            raise UsageError(f"{file}: {what if text.strip() else 'is empty'}") from error
        raise UsageError(f"{file}:{error.lineno}: is no report: not JSON ({error.msg})") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file}: is no report: {error}") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _check_schema(file: Path, tree: Any) -> None:
    found = tree.get("schema") if isinstance(tree, dict) else None
    if isinstance(found, bool) or not isinstance(found, int):
        raise UsageError(f"{file}: is no tinygrade report (those have a number as `schema`)")
    by = f" by tinygrade {tree['tinygrade']}" if isinstance(tree.get("tinygrade"), str) and tree["tinygrade"] else ""
    if found > REPORT_SCHEMA:
        what = f"written{by} in schema {found}; this tinygrade reads {REPORT_SCHEMA}: update it"
        raise UsageError(f"{file}: is of a newer kind, {what}")
    if found < REPORT_SCHEMA:
        what = f"written{by} in schema {found}; this tinygrade reads {REPORT_SCHEMA}: grade the submission again"
        raise UsageError(f"{file}: is of an older kind, {what}")


def _too_deep(tree: Any) -> bool:
    level = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in _children(node) if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def _children(node: Any) -> Iterator[Any]:
    return iter(node.values() if isinstance(node, dict) else node)


# ---- the part of JSON Schema that report.schema.json uses ------------------------------------------


def _first_problem(tree: Any) -> str:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return next(problems(tree, schema, schema, ""), "")


def problems(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], place: str) -> Iterator[str]:
    """What `schema` (a part of `root`) does not allow in `value`, each with its place in the report."""
    if "$ref" in schema:
        yield from problems(value, root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], root, place)
    if "anyOf" in schema:
        found = [list(problems(value, choice, root, place)) for choice in schema["anyOf"]]
        # the last choice is the one that has a form; the others are null
        yield from [] if any(not one for one in found) else found[-1]
    yield from _value_problems(value, schema, place)
    if isinstance(value, dict):
        yield from _object_problems(value, schema, root, place)
    elif isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from problems(item, schema["items"], root, f"{place}[{index}]")


def _value_problems(value: Any, schema: Mapping[str, Any], place: str) -> Iterator[str]:
    wanted = schema.get("type", [])
    names = [wanted] if isinstance(wanted, str) else wanted
    if names and not any(_is(value, name) for name in names):
        yield f"{place or 'the report'} is {_named(value)} and should be {' or '.join(names)}"
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{place} is none of {', '.join(schema['enum'])}"
    elif "minimum" in schema and value is not None and value < schema["minimum"]:
        yield f"{place} is below {schema['minimum']}"
    elif "minLength" in schema and len(value) < schema["minLength"]:
        yield f"{place} is empty"
    elif "maxItems" in schema and len(value) > schema["maxItems"]:
        yield f"{place} has more than {schema['maxItems']} entries"


def _is(value: Any, name: str) -> bool:
    if not isinstance(value, _TYPES[name]) or (isinstance(value, bool) and name != "boolean"):
        return False
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) < MAX_INTEGER
    return not isinstance(value, float) or abs(value) <= MAX_NUMBER  # neither infinite nor NaN


def _named(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "a number beyond all bounds" if not _is(value, "number") else "a number"
    return next((name for name, types in _TYPES.items() if isinstance(value, types)), "unknown")


def _object_problems(
    value: Mapping[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], place: str
) -> Iterator[str]:
    known, prefix = schema.get("properties", {}), f"{place}." if place else ""
    for key in schema.get("required", []):
        if key not in value and key not in OPTIONAL:
            yield f"{prefix}{key} is missing"
    others = schema.get("additionalProperties", True)
    for key, item in value.items():
        if key in known:
            yield from problems(item, known[key], root, f"{prefix}{key}")
        elif others is False:
            yield f"{prefix}{key} is not known"
        elif isinstance(others, dict):
            yield from problems(item, others, root, f"{prefix}{key}")
