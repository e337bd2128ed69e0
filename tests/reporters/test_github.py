"""What GitHub makes of it: annotations by the runner's grammar, the summary, and Classroom's points."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.runner import Command, parse_command, parse_output
from tinygrade.model import Adjustment, CheckResult, Diagnosis, Report
from tinygrade.reporters import github_summary
from tinygrade.reporters.classroom import ClassroomReporter
from tinygrade.reporters.github import MOST, GithubReporter
from tinygrade.reporters.github_summary import GithubSummaryReporter
from tinygrade.reporters.markdown import MarkdownReporter


@pytest.fixture(autouse=True)
def outside_github(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)


# ---- annotations -----------------------------------------------------------------------------------


def commands(report: Report) -> list[Command]:
    """What the runner sees; every line is a command."""
    found = [parse_command(line) for line in GithubReporter().render(report).splitlines()]
    assert None not in found
    return [command for command in found if command is not None]


def test_root_causes_stand_at_the_students_lines(stored: Callable[[str], Report]) -> None:
    found = commands(stored("mistakes"))
    places = [(c.name, c.properties.get("file"), c.properties.get("line")) for c in found]
    assert places == [
        ("error", "tinytorch/functional.py", "27"),
        ("error", "tinytorch/functional.py", "55"),
        ("error", "tinytorch/functional.py", "23"),
        ("notice", "tinytorch/functional.py", "176"),
        ("notice", None, None),
    ]
    assert found[0].properties["title"] == "CRASHED cross_entropy_vjp (3 points)"
    assert found[0].data.splitlines()[0].startswith("your code ended the grading process: its process")
    assert "again: tinygrade check assignment2 -k test_cross_entropy_vjp --seed 41" in found[0].data
    assert found[3].data.startswith("next: A2.1")


def test_the_run_is_told_with_what_repeats_it(stored: Callable[[str], Report]) -> None:
    *_, whole = commands(stored("mistakes"))
    assert whole.properties == {"title": "assignment2: 84/100"}
    assert whole.data.splitlines() == [
        "again at home: tinygrade check assignment2 --seed 41",
        "where the solution is not on disk, leave --seed out",
        "graded with numpy 2.4.6, Python 3.11.7, Linux 6.8.0, isolation strong, tinygrade 0.1.0",
    ]


@pytest.mark.parametrize(
    ("name", "kind", "title"),
    [("fault", "warning", "NOT GRADED, and not zero either"), ("selected", "notice", "partial run, not a grade")],
)
def test_no_score_is_no_zero(name: str, kind: str, title: str, stored: Callable[[str], Report]) -> None:
    *_, whole = commands(stored(name))
    assert (whole.name, whole.properties["title"]) == (kind, f"assignment3: {title}")
    assert "0/100" not in GithubReporter().render(stored(name))


@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("/home/runner/work/course/course", "tinytorch/ops.py"),
        ("/home/runner/work/course/course/hw3", "hw3/tinytorch/ops.py"),
        ("/elsewhere", "tinytorch/ops.py"),
        ("", "tinytorch/ops.py"),
    ],
)
def test_files_are_named_from_the_root_of_the_repository(
    source: str,
    file: str,
    monkeypatch: pytest.MonkeyPatch,
    make_check: Callable[..., CheckResult],
    make_report: Callable[..., Report],
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", "/home/runner/work/course/course")
    check = make_check("a", "failed", where="ops.py:3 add")
    report = make_report(check, submission={"source": source, "sha256": "0", "package": "tinytorch"})
    assert commands(report)[0].properties["file"] == file


def test_what_has_no_place_is_told_without_one(
    make_check: Callable[..., CheckResult], make_report: Callable[..., Report]
) -> None:
    for where in ("", "somewhere", "a.py:x"):
        assert set(commands(make_report(make_check("a", "failed", where=where)))[0].properties) == {"title"}


def test_hidden_checks_are_no_annotation_even_for_an_instructor(stored: Callable[[str], Report]) -> None:
    report = stored("mistakes")
    only_hidden = replace(report, checks=tuple(c for c in report.checks if c.visibility == "hidden"))
    assert len(commands(only_hidden)) == 1


def test_not_more_than_github_shows(make_check: Callable[..., CheckResult], make_report: Callable[..., Report]) -> None:
    found = commands(make_report(*(make_check(f"c{i}", "failed") for i in range(MOST + 2))))
    assert [c.name for c in found].count("error") == MOST
    assert found[-1].data.startswith("and 2 more root causes")


# ---- summary ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["full", "mistakes", "fault"])
def test_the_summary_is_the_students_markdown(name: str, stored: Callable[[str], Report]) -> None:
    report = stored(name)
    assert GithubSummaryReporter().render(report) == MarkdownReporter().render(report.student_view())


def test_the_summary_stays_below_the_limit_and_keeps_what_matters(
    make_check: Callable[..., CheckResult], make_report: Callable[..., Report]
) -> None:
    checks = [make_check(f"c{i}", "failed", message="m" * 2000, hint="h" * 2000) for i in range(400)]
    report = make_report(*checks)
    assert len(MarkdownReporter().render(report)) > 2**20
    text = GithubSummaryReporter().render(report)
    assert github_summary.LIMIT - 10_000 < len(text.encode()) < 2**20
    assert "0/2,000 points" in text
    assert "tinygrade check assignment3 --seed 41" in text
    assert text.endswith("The rest would be more than GitHub shows.\n")
    many = GithubSummaryReporter().render_all([report, report])
    assert len(many.encode()) < 2**20


# ---- Classroom -------------------------------------------------------------------------------------


def result(report: Report) -> dict[str, Any]:
    outputs = parse_output(ClassroomReporter().render(report))
    assert list(outputs) == ["result"]
    return json.loads(base64.b64decode(outputs["result"]))


def reported(found: dict[str, Any]) -> str | None:
    """The points that Classroom gets: what autograding-grading-reporter (src/notify-classroom.js) tells it."""
    if not found.get("max_score"):
        return None
    return f"Points {sum(test['score'] for test in found['tests']):g}/{found['max_score']:g}"


def test_classroom_gets_the_score(stored: Callable[[str], Report]) -> None:
    assert reported(result(stored("full"))) == "Points 100/100"
    assert reported(result(stored("mistakes"))) == "Points 84/100"
    assert result(stored("full"))["status"] == "pass"
    assert result(stored("mistakes"))["status"] == "fail"


@pytest.mark.parametrize("name", ["fault", "selected"])
def test_classroom_gets_no_points_where_there_is_no_score(name: str, stored: Callable[[str], Report]) -> None:
    found = result(stored(name))
    assert reported(found) is None
    assert found["status"] == "error"
    assert not [test for test in found["tests"] if "score" in test]


def test_policies_and_rounding_are_in_the_sum(
    make_check: Callable[..., CheckResult], make_report: Callable[..., Report]
) -> None:
    thirds = [make_check(f"c{i}", "partial", points=1 / 3, most=1.0) for i in range(3)]
    assert reported(result(make_report(*thirds, score=1.0))) == "Points 1/3"
    late = make_report(make_check("a"), score=3.0, adjustments=(Adjustment(-2.0, "two days late"),))
    found = result(late)
    assert reported(found) == "Points 3/5"
    assert found["tests"][-1]["name"] == "adjusted: two days late"


def test_classroom_has_what_its_graders_have(stored: Callable[[str], Report]) -> None:
    keys = {"name", "status", "message", "test_code", "filename", "line_no", "duration", "score"}
    found = result(stored("mistakes"))
    assert found["version"] == 1
    for test in found["tests"]:
        assert set(test) == keys
        assert test["status"] in {"pass", "fail", "error"}
        assert (test["message"] is None) == (test["status"] == "pass")
    crash = next(test for test in found["tests"] if test["name"] == "cross_entropy_vjp")
    assert (crash["filename"], crash["line_no"]) == ("tinytorch/functional.py", 27)
    hidden = next(test for test in found["tests"] if test["name"] == "softmax_vjp")
    assert (hidden["message"], hidden["line_no"], hidden["duration"]) == ("hidden check: nothing more is shown", 0, 0)


def test_classrooms_log_takes_no_command_from_a_student(
    make_check: Callable[..., CheckResult], make_report: Callable[..., Report]
) -> None:
    evil = "first\n::set-output name=score::100\n  ::error::forged\n##[add-path]/evil"
    check = make_check(
        "a", "failed", title=evil, message=evil, hint=evil, output=evil, where=evil, diagnosis=Diagnosis(evil, {})
    )
    (test,) = result(make_report(check))["tests"]
    for value in test.values():
        for line in str(value).splitlines():
            assert parse_command(line) is None, line
            assert "##[" not in line


# ---- the runner's grammar itself -------------------------------------------------------------------


def test_the_grammar() -> None:
    command = parse_command("  ::error file=a%2Cb.py,line=3,title=x%3A 100%25::one%0Atwo::three,four")
    assert command == Command(
        "error", {"file": "a,b.py", "line": "3", "title": "x: 100%"}, "one\ntwo::three,four"
    )
    assert parse_command("::warning::") == Command("warning", {}, "")
    for text in ("error::x", "::error", ": :error::x", "::no-such::x", "text ::error::x", ""):
        assert parse_command(text) is None
    assert parse_output("a=b=c\n\nd<<EOF\n1\n2\nEOF\n") == {"a": "b=c", "d": "1\n2"}
    for text in ("nonsense\n", "a<<EOF\n1\n"):
        with pytest.raises(ValueError, match="format|delimiter"):
            parse_output(text)
