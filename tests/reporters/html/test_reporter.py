"""The page as text: its structure, what it quotes, and what it does where something is missing."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.inert import EVIL, assert_inert_html
from tests.reporters.html.record import REPORTS
from tests.reporters.test_hostile import evil_report
from tinygrade.diagnosis.catalogue import Page
from tinygrade.errors import UsageError
from tinygrade.figures import HeatMap, Level, LineChart, Meter, Panel, Series, Table
from tinygrade.model import ErrorMap, Report
from tinygrade.reporters.base import Sources
from tinygrade.reporters.html import reporter as module
from tinygrade.reporters.html.reporter import HtmlReporter

GOLDEN = Path(__file__).parent / "golden"


class Outline(HTMLParser):
    """Landmarks, headings, badges and figures, in order: what must not change by accident."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._keep = ""
        self._depth = 0
        self._in_command = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = dict(attrs).get("class") or ""
        if tag in ("header", "nav", "main", "footer", "section", "article", "figure", "svg", "table"):
            self.lines.append(f"<{tag}{' ' + classes if classes else ''}>")
        self._depth += tag == self._keep
        command = self._in_command
        self._in_command = classes == "command" or (self._in_command and tag == "span")
        if tag in ("title", "h1", "h2", "h3") or "badge" in classes or (tag == "code" and command):
            self._keep, self._depth = tag, 1
            self.lines.append(f"{tag}:")

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag == self._keep
        if self._depth == 0:
            self._keep = ""

    def handle_data(self, data: str) -> None:
        if self._keep:
            self.lines[-1] += f" {data.strip()}" if data.strip() else ""


def outline(page: str) -> str:
    reader = Outline()
    reader.feed(page)
    return "\n".join(reader.lines) + "\n"


@pytest.mark.parametrize("name", REPORTS)
def test_structure_is_the_golden_one(name: str, render: Callable[..., str], stored: Callable[[str], Report]) -> None:
    found = outline(render(stored(name)))
    file = GOLDEN / f"{name}.txt"
    assert found == file.read_text(encoding="utf-8"), f"look at the page; if it is right, write this to {file.name}"


def test_one_file_without_network_script_or_double_id(
    render: Callable[..., str], stored: Callable[[str], Report]
) -> None:
    page = render(stored("perfect"))
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=\"(?!#|data:,)", page)
    assert not re.search(r"url\((?!#)|@import|@font-face", page)
    ids = re.findall(r"\bid=\"([^\"]*)\"", page)
    assert len(ids) == len(set(ids))
    assert all(f'id="{target}"' in page for target in re.findall(r"(?:href=\"|url\()#([^\")]+)", page))


def test_score_advice_seed_and_isolation_are_those_of_the_report(
    render: Callable[..., str], stored: Callable[[str], Report]
) -> None:
    page = render(stored("wrong_gradient"))
    for text in (
        "47.25/80",
        "partial run, not a grade",
        "2 root causes",
        "1. transformer.py:16 causal_mask (task A3.1)",
        "Print your 4x4 mask. What may row 0 see?",
        "tinygrade explain mask-sees-ahead",
        "tinygrade repro test_causal_mask --seed 7",
        "Positions may see what comes later",
        "3 of 16 entries are wrong: all in rows 0–2 and columns 1–3",
        "tinygrade check assignment3 --seed 7",
        "<dd>strong</dd>",
    ):
        assert text in page, text


def test_what_comes_next_is_told_of_stubs(render: Callable[..., str], stored: Callable[[str], Report]) -> None:
    page = render(stored("stubs"))
    assert "A3.1: build the boolean mask with one comparison of positions" in page
    assert "root cause" not in page


def test_of_long_prints_the_end_is_shown(render: Callable[..., str], make_check: Any, make_report: Any) -> None:
    printed = "".join(f"line {number}\n" for number in range(5000))
    page = render(make_report(make_check("a", "failed", output=printed)))
    assert "your code printed (the end of it)" in page
    assert "line 4999\n" not in page
    assert "line 4999</pre>" in page
    assert "line 4300\n" in page
    assert "line 1000\n" not in page
    assert "[cut]" not in page


def test_a_fault_of_ours_is_no_score(render: Callable[..., str], make_check: Any, make_report: Any) -> None:
    page = render(make_report(make_check("a"), make_check("b", "grader_error", message="worker lost"), score=None))
    assert "no score" in page
    assert "Not graded, and not zero either" in page
    assert "worker lost" in page
    assert 'class="bar' not in page


def test_nothing_of_a_hidden_checks_map_is_shown(render: Callable[..., str], make_check: Any, make_report: Any) -> None:
    found = ErrorMap("telltale", (2,), ((0.123, None),))
    hidden = make_check("h", "failed", visibility="hidden", error_map=found)
    assert "telltale" in render(make_report(hidden))  # the instructor's
    assert "telltale" not in render(make_report(hidden).student_view())
    assert "0.123" not in str(make_report(hidden).student_view().to_json())


# ---- hostile text ------------------------------------------------------------------------------------


def evil_sources(text: str = EVIL) -> Sources:
    """Plugins that know every section, and say nothing but `text`."""
    figures = [
        LineChart(
            text, text, text, text, [Series(text, [1, 2, None], [1, float("nan"), 1e300])], [Level(text, 1)], text
        ),
        HeatMap(text, text, [Panel(text, [[0.5, None], [float("inf"), -1]], [text, text], [text])], text, text, text),
        Meter(text, float("nan"), 0.0, text),
        Table(text, [text], [[text, text], []], good=[True], caption=text),
    ]
    return Sources(
        lambda *_: [text], lambda *_: figures, lambda code: Page(code, text, text, f"{text}\n```\n{text}\n```")
    )


def test_hostile_text_of_plugins_and_students_is_inert(render: Callable[..., str], make_report: Any) -> None:
    report = evil_report(make_report)
    maps = tuple(replace(c, error_map=ErrorMap(EVIL, (1, 2), ((0.0, 1.0),))) for c in report.checks)
    page = render(replace(report, checks=maps), evil_sources())
    assert_inert_html(page)
    assert page.count("<script") == 0
    assert "evil()" in page  # it is quoted, not swallowed


def test_a_plugin_that_fails_is_told_and_takes_nothing_along(
    render: Callable[..., str], make_check: Any, make_report: Any
) -> None:
    def fails(*_: Any) -> Any:
        raise KeyError("curve")

    page = render(make_report(make_check("a"), sections={"training": {}}), Sources(section_figures=fails))
    assert "the plugin that shows this section failed: KeyError" in page
    assert "5/5" in page


def test_damaged_sections_are_left_out(render: Callable[..., str], make_check: Any, make_report: Any) -> None:
    for data in (
        {"curve": [[1], None, [1, None]]},
        [1, {"input": 3}],
        "text",
        {"strings": [{"heads": [[1]]}]},
        7,
        None,
    ):
        names = ("training", "predictions", "learning_order", "attention")
        page = render(make_report(make_check("a"), sections=dict.fromkeys(names, data)))
        assert "5/5" in page


# ---- what may be missing -----------------------------------------------------------------------------


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None if name == "jinja2" else found(name))
    with pytest.raises(UsageError, match="needs jinja2: pip install jinja2$"):
        HtmlReporter()


def test_a_report_without_checks_is_a_page(render: Callable[..., str], make_report: Any) -> None:
    assert "Nothing was checked." in render(make_report(environment={}, submission={}))
