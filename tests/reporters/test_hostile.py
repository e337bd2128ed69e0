"""Every registered reporter, whichever there are: hostile text is inert, and nothing of a hidden check gets out.

A reporter that is registered tomorrow is tested by itself: its output is read as what it looks like.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from typing import Any

import pytest

from tests.inert import EVIL, assert_inert, assert_inert_text, assert_no_commands
from tinygrade.events import CheckFinished, CheckStarted, Finished, Started, Swapped
from tinygrade.model import Adjustment, Case, CheckResult, Diagnosis, ErrorMap, Isolation, Report, Status, Swap
from tinygrade.plugins import make_plugin_manager, reporters
from tinygrade.reporters.advice import Commands
from tinygrade.reporters.base import TakesSections
from tinygrade.reporters.live import Headline, LiveView
from tinygrade.text import clean

REGISTERED = reporters(make_plugin_manager(warn=lambda _: None))
STATUSES: tuple[Status, ...] = ("failed", "partial", "passed", "crashed", "grader_error", "not_implemented")
SECRETS = {
    name: f"hidden-{name}-7f3a"
    for name in ("input", "expected", "text", "hint", "where", "case", "cause", "evidence", "map")
}


def evil_check(status: Status, number: int = 0, text: str = EVIL) -> CheckResult:
    """A check all of whose texts are hostile."""
    return CheckResult(
        id=f"test_a.py::test_{number}{text}",
        title=text,
        group=f"{number}{text}",
        status=status,
        points=1.0 if status in ("passed", "partial") else 0.0,
        max_points=2.0,
        task=text,
        message=text,
        hint=text,
        diagnosis=Diagnosis(text, {text: text}),
        cases=(Case(text, status, text), Case("b", "passed")),
        where=text,
        follows_from=(text,),
        output=text,
        error_map=ErrorMap(text, (1, 2), ((0.5, 0.0),)),
    )


def evil_report(make_report: Callable[..., Report], text: str = EVIL) -> Report:
    checks = [evil_check(status, number, text) for number, status in enumerate(STATUSES)]
    report = make_report(*checks, score=3.0)
    return dataclasses.replace(
        report,
        assignment=text,
        title=text,
        submission={"source": text, "sha256": "0", "user": text},
        isolation=Isolation("weak", (text,)),
        environment={"python": text, text: text},
        adjustments=(Adjustment(-1.0, text),),
        swaps=(Swap(text, "released", text),),
        sections={text: {text: [text]}, "training": {"stopped": text, "curve": [[1, 2]]}, "learned": [{"got": text}]},
        started=text,
        tinygrade=text,
    )


def rendered(name: str, report: Report) -> str:
    reporter = REGISTERED.get(name)()
    if isinstance(reporter, TakesSections):
        reporter.use_sections(lambda section, data: [f"{section}: {data}", *EVIL.splitlines()])
    text = reporter.render(report)
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize("name", REGISTERED.names())
@pytest.mark.parametrize("view", ["student", "instructor"])
def test_hostile_text_is_inert_in_every_format(name: str, view: str, make_report: Callable[..., Report]) -> None:
    report = evil_report(make_report)
    assert_inert(name, rendered(name, report.student_view() if view == "student" else report))


@pytest.mark.parametrize("name", REGISTERED.names())
def test_every_hostile_text_in_every_format(
    name: str, make_report: Callable[..., Report], hostile_texts: list[str]
) -> None:
    for text in hostile_texts:
        assert_inert(name, rendered(name, evil_report(make_report, text[:100_000]).student_view()))


def hidden_check(status: Status) -> CheckResult:
    return CheckResult(
        id="test_h.py::test_hidden",
        title="a hidden one",
        group="hidden",
        status=status,
        points=0.0,
        max_points=5.0,
        message=f"f({SECRETS['input']}): yours {SECRETS['text']}, expected {SECRETS['expected']}",
        hint=SECRETS["hint"],
        diagnosis=Diagnosis("D1", {"seen": SECRETS["evidence"]}),
        visibility="hidden",
        seconds=1.2345678,
        cases=(Case(SECRETS["case"], status, SECRETS["expected"]),),
        where=SECRETS["where"],
        follows_from=(SECRETS["cause"],),
        output=SECRETS["text"],
        error_map=ErrorMap(SECRETS["map"], (1, 2), ((0.7654321, 0.0),)),
    )


def nothing_of_it(text: str) -> None:
    found = [secret for secret in (*SECRETS.values(), "5ec4e7", "1.2345678", "0.7654321") if secret in text]
    assert not found


@pytest.mark.parametrize("name", REGISTERED.names())
@pytest.mark.parametrize("status", STATUSES)
def test_nothing_of_a_hidden_check_is_in_any_format(
    name: str, status: Status, make_report: Callable[..., Report], make_check: Callable[..., CheckResult]
) -> None:
    report = make_report(make_check("seen"), hidden_check(status), score=5.0, secret="5ec4e7")
    nothing_of_it(rendered(name, report.student_view()))


# ---- the live view, which is no registered reporter -------------------------------------------------


def live(report: Report) -> str:
    """What the live view prints of this report, event by event, into a pipe."""
    stream = io.StringIO()
    headline = Headline(report.assignment, report.title, Commands("base", "again", 1))
    events: list[Any] = [
        Started(report.isolation, report.environment, tuple((c.id, c.group) for c in report.checks)),
        Swapped(report.swaps),
        *(event for c in report.checks for event in (CheckStarted(c.id), CheckFinished(c))),
        Finished(report),
    ]
    with LiveView(stream, headline, lambda name, data: [f"{name}: {data}"], width=80) as view:
        for event in events:
            view.handle(event)
        view.close()
    return stream.getvalue()


def test_the_live_view_is_inert(make_report: Callable[..., Report]) -> None:
    text = live(evil_report(make_report))
    assert_inert_text(text)
    assert_no_commands(text)


def test_the_live_view_shows_nothing_of_a_hidden_check(
    make_report: Callable[..., Report], make_check: Callable[..., CheckResult]
) -> None:
    for status in STATUSES:
        nothing_of_it(live(make_report(make_check("seen"), hidden_check(status), secret="5ec4e7")))


# ---- the test itself --------------------------------------------------------------------------------

CARELESS = {
    "html": f"<html><p>{clean(EVIL)}</p></html>",
    "html attribute": '<html><a href="javascript:evil()">x</a></html>',
    "markdown": "# Report\n\n" + clean(EVIL),
    "markdown, a short fence": "```\n# Score\n```\n<img src=http://evil.invalid/x>",
    "csv": 'name,points\n"=HYPERLINK(""http://evil.invalid/"")",3\n',
    "junit": "<?xml version='1.0'?><testsuite><evil-tag/></testsuite>",
    "terminal": "seen \x1b[31m",
    "terminal, a log": "   ::set-output name=score::100",
    "gradescope": '{"output_format": "html", "output": "<img src=http://evil.invalid/x>"}',
}


@pytest.mark.parametrize("format", CARELESS)
def test_a_careless_reporter_would_be_found(format: str) -> None:
    with pytest.raises((AssertionError, SyntaxError)):
        assert_inert(format, CARELESS[format])
