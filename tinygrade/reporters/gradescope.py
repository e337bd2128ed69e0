"""Gradescope's results.json (gradescope-autograders.readthedocs.io, "Autograder Specifications").

Its readers are students, so it is always written from the student's view. Every text has the format `text`, which
Gradescope escapes: it renders `md` and `html` by rules that nobody outside has seen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tinygrade.model import CheckResult, Report
from tinygrade.reporters import blocks, details, home
from tinygrade.reporters.advice import Commands, advice
from tinygrade.reporters.base import SectionText, no_sections
from tinygrade.reporters.curve import finite
from tinygrade.reporters.lines import Line, to_text
from tinygrade.reporters.words import WORDS, grouped, points
from tinygrade.text import clean, clean_line

#: Columns of the text over all tests; Gradescope does not wrap it.
WIDTH = 80
#: Section whose entries `{"name", "value", "order"}` go to the leaderboard, where a course fills it.
LEADERBOARD = "leaderboard"
#: The report's fields that an instructor may want to export; they hold nothing that is hidden.
_EXTRA = ("tinygrade", "schema", "assignment", "submission", "seed", "isolation", "environment", "started")
_TEXT_FORMATS = {"output_format": "text", "test_output_format": "text", "test_name_format": "text"}


class GradescopeReporter:
    """A run without a score has no `score` anywhere: Gradescope asks for one, and so takes the run for a failed one
    that can be repeated. A zero would be a grade."""

    suffix = ".json"

    def __init__(self) -> None:
        self._section_text: SectionText = no_sections

    def use_sections(self, section_text: SectionText) -> None:
        self._section_text = section_text

    def render(self, report: Report) -> str:
        seen = report.student_view()
        scored = seen.score is not None
        tree = {
            **({"score": seen.score} if scored else {}),
            "execution_time": round(seen.seconds or 0.0, 3),
            "output": self._output(seen),
            **_frame(),
            "extra_data": {key: seen.to_json()[key] for key in _EXTRA},
            "tests": _tests(seen, scored),
            **_leaderboard(seen),
        }
        return json.dumps(tree, indent=2, allow_nan=False) + "\n"

    def _output(self, report: Report) -> str:
        """The text over all tests. It knows no check that Gradescope holds back, as it then holds back the total."""
        why = details.why_no_score(report)
        sections = blocks.sections(report, self._section_text, WIDTH)
        lines = [
            *([Line(why), Line("")] if why else []),
            *blocks.swaps(report.swaps, WIDTH),
            *_score(report),
            *advice(report, Commands.of(report), WIDTH),
            *([*sections, Line("")] if sections else []),
            *map(Line, home.lines(report)),
        ]
        return to_text(lines)


def _score(report: Report) -> list[Line]:
    shown = tuple(check for check in report.checks if check.visibility == "visible")
    if report.score is None or len(shown) == len(report.checks):
        return blocks.score(report, WIDTH)
    got, most = sum(check.points for check in shown), sum(check.max_points for check in shown)
    return [Line(f"{points(got, most)} points in the visible checks; the hidden ones come after the due date")]


def not_graded(reason: str) -> str:
    """results.json of a run that gave no report at all: `reason` for the student, and no score, which is no zero."""
    text = f"{details.NO_SCORE}: {clean(reason)}\n"
    return json.dumps({"output": text, **_frame(), "tests": []}, indent=2) + "\n"


def _frame() -> dict[str, Any]:
    """What our standard output shows is for instructors: it may speak of hidden checks."""
    return {**_TEXT_FORMATS, "visibility": "visible", "stdout_visibility": "hidden"}


def _tests(report: Report, scored: bool) -> list[dict[str, Any]]:
    groups = enumerate(grouped(report.checks).values(), 1)
    numbered = ((f"{group}.{index}", check) for group, checks in groups for index, check in enumerate(checks, 1))
    return [_test(check, number, report, scored) for number, check in numbered]


def _test(check: CheckResult, number: str, report: Report, scored: bool) -> dict[str, Any]:
    score = {"score": round(check.points, 6), "max_score": round(check.max_points, 6)} if scored else {}
    task = f"{clean_line(check.task)} " if check.task else ""
    return {
        **score,
        "status": "passed" if check.ok else "failed",
        "name": f"{task}{clean_line(check.title)}",
        "name_format": "text",
        "number": number,
        "output": f"{WORDS[check.status]}\n{details.text(check, report)}".rstrip(),
        "output_format": "text",
        "tags": [clean_line(check.group)],
        "visibility": _visibility(check),
        "extra_data": {"id": clean_line(check.id), "status": check.status},
    }


def _visibility(check: CheckResult) -> str:
    """`hidden` is for tests without points: Gradescope lets it out of the total that students see."""
    if check.visibility == "visible":
        return "visible"
    return "after_due_date" if check.max_points else "hidden"


def _leaderboard(report: Report) -> dict[str, Any]:
    entries = report.sections.get(LEADERBOARD)
    found = [entry for entry in map(_entry, entries if isinstance(entries, list | tuple) else []) if entry]
    return {LEADERBOARD: found} if found else {}


def _entry(entry: Any) -> dict[str, Any] | None:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
        return None
    value = entry.get("value")
    if isinstance(value, str):
        value = clean_line(value)
    elif finite(value) is None:
        return None
    order = {"order": "asc"} if entry.get("order") == "asc" else {}
    return {"name": clean_line(entry["name"]), "value": value, **order}
