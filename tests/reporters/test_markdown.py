"""Markdown as a reader of CommonMark with tables sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tinygrade.model import Adjustment, CheckResult, Report, Swap
from tinygrade.reporters.markdown import MarkdownReporter

PARSER = MarkdownIt("commonmark", {"html": True}).enable("table")


def tokens(report: Report) -> list[Token]:
    return PARSER.parse(MarkdownReporter().render(report))


def after(kind: str, found: list[Token]) -> Iterator[str]:
    """The text of each heading, cell and so on."""
    for opening, inside in zip(found, found[1:], strict=False):
        if opening.type == kind:
            yield "".join(child.content for child in inside.children or [])


def rows(found: list[Token]) -> list[list[str]]:
    table: list[list[str]] = []
    for opening, inside in zip(found, found[1:], strict=False):
        if opening.type == "tr_open":
            table.append([])
        elif opening.type in ("td_open", "th_open"):
            table[-1].append("".join(child.content for child in inside.children or []))
    return table


def test_headings_lead_to_the_root_causes(stored: Callable[[str], Report]) -> None:
    assert list(after("heading_open", tokens(stored("mistakes").student_view()))) == [
        "assignment2 Layers, losses, optimisers",
        "Start here",
        "1. functional.py:27 cross_entropy_vjp (task A2.2): 3 points",
        "2. functional.py:55 <listcomp> (task A2.2): 4 points",
        "3. functional.py:23 softmax_vjp (task A2.1): 2 points",
        "Checks",
    ]


def test_the_tables_have_every_group_and_every_check(stored: Callable[[str], Report]) -> None:
    report = stored("mistakes").student_view()
    found = rows(tokens(report))
    assert {len(row) for row in found} == {4}
    assert ["🟡 PARTIAL", "gradients", "7 of 12", "12/26"] in found
    checks = found[[row[1] for row in found].index("check") + 1 :]
    assert [row[1].removesuffix(" (hidden)") for row in checks] == [check.title for check in report.checks]
    assert ["❌ TIMEOUT", "softmax_vjp (hidden)", "gradients", "0/3"] in checks


def test_commands_and_messages_stand_in_blocks(stored: Callable[[str], Report]) -> None:
    blocks = [token.content for token in tokens(stored("selected")) if token.type == "fence"]
    assert blocks[:2] == [
        "causal_mask(4)[0, 1]: yours True, expected False (3 of 16 entries differ)\n",
        "tinygrade explain mask-sees-ahead\n"
        "tinygrade check assignment3 -k test_causal_mask --seed 41\n"
        "tinygrade repro test_causal_mask --seed 41\n",
    ]
    assert "tinygrade check assignment3 --seed 41\n" in blocks


def test_what_is_folded_is_closed_again(stored: Callable[[str], Report]) -> None:
    text = MarkdownReporter().render(stored("mistakes"))
    assert text.count("<details>") == text.count("</details>") == text.count("<summary>") == 7


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("full", "✅ **100/100 points**"),
        ("mistakes", "**84/100 points**"),
        ("selected", "**partial run, not a grade**: 70.25/80 points of the checks that ran"),
        ("fault", "🟣 **NOT GRADED, and not zero either.** The fault is in: `names, shapes and number of param"),
    ],
)
def test_the_score_is_the_first_line(name: str, line: str, stored: Callable[[str], Report]) -> None:
    assert MarkdownReporter().render(stored(name)).split("\n\n")[1].startswith(line)


def test_it_says_how_to_repeat_the_run_and_with_what_it_was_made(stored: Callable[[str], Report]) -> None:
    text = MarkdownReporter().render(stored("full"))
    assert "tinygrade check assignment3 --seed 41" in text
    assert "Graded with `numpy 2.4.6, Python 3.11.7, Linux 6.8.0, isolation strong, tinygrade 0.1.0`." in text


def test_policies_and_swaps_are_told(
    make_check: Callable[..., CheckResult], make_report: Callable[..., Report]
) -> None:
    report = make_report(
        make_check("a"),
        adjustments=(Adjustment(-2.0, "two days late"),),
        swaps=(Swap("assignment1", "released", "add is wrong"), Swap("assignment2", "own")),
    )
    text = MarkdownReporter().render(report)
    assert "Adjusted -2: `two days late`" in text
    assert "Swapped: `assignment1` is the released solution `add is wrong`" in text
    assert "assignment2" not in text


def test_sections_are_folded_blocks(make_check: Callable[..., CheckResult], make_report: Callable[..., Report]) -> None:
    reporter = MarkdownReporter()
    reporter.use_sections(lambda name, data: ["line 1", "line 2"] if name == "known" else None)
    text = reporter.render(make_report(make_check("a"), sections={"known": 1, "unknown": 2}))
    assert "<summary><code>known</code></summary>\n\n```text\nline 1\nline 2\n```" in text
    assert "unknown" not in text


def test_many_reports_are_one_document(stored: Callable[[str], Report]) -> None:
    reports = [stored("full"), stored("fault")]
    text = MarkdownReporter().render_all(reports)
    assert text == "\n".join(MarkdownReporter().render(report) for report in reports)
