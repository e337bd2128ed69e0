"""Each sink makes hostile text inert: read back by what reads that format, nothing but text is found."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.inert import assert_inert_text, tags_of
from tinygrade import sinks
from tinygrade.text import LIMIT, clean, without_commands

SINKS = {
    name: getattr(sinks, name)
    for name in ("html", "markdown", "markdown_block", "csv", "xml", "github_log", "github_message", "github_property")
}
TEXT = st.text(st.characters() | st.sampled_from("`|<>&\"'=+-@:#[]\n\r\t%*_\\"), max_size=60)
FORMULAS = ["=1+1", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", " =1", '=HYPERLINK("http://127.0.0.1/")', "＝1+1", "-a"]


@pytest.mark.parametrize("name", SINKS)
def test_hostile_text(name: str, hostile_texts: list[str]) -> None:
    for text in hostile_texts:
        shown = SINKS[name](text)
        assert "seen" in shown
        assert_inert_text(shown)
        assert len(shown.encode()) <= 6 * LIMIT


def test_every_sink_is_tested() -> None:
    functions = {n for n, f in vars(sinks).items() if callable(f) and getattr(f, "__module__", "") == sinks.__name__}
    assert {name for name in functions if not name.startswith("_")} == set(SINKS)


class Reader(HTMLParser):
    """Keeps text and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.attributes: list[tuple[str, str | None]] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


@given(TEXT)
def test_html_is_text_and_an_attribute(text: str) -> None:
    reader = Reader()
    reader.feed(f'<p title="{sinks.html(text)}">{sinks.html(text)}</p>')
    assert reader.tags == ["p"]
    assert reader.attributes == [("title", clean(text))]
    assert reader.text == clean(text)


@given(TEXT)
def test_xml_is_text_and_an_attribute(text: str) -> None:
    element = ElementTree.fromstring(f'<a b="{sinks.xml(text)}">{sinks.xml(text)}</a>')
    assert len(element) == 0
    legal = re.sub("[\ufffe\uffff]", "\ufffd", clean(text))
    assert (element.text or "") == legal
    assert element.attrib["b"].split() == legal.split()  # XML takes line ends in attributes for spaces


@given(TEXT)
def test_a_markdown_block_holds_the_text_and_ends_where_it_ends(text: str) -> None:
    tokens = MarkdownIt("commonmark", {"html": True}).parse(f"{sinks.markdown_block(text)}\n\nafter")
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]
    assert tokens[0].content.rstrip("\n") == clean(text).rstrip("\n")


@given(TEXT)
def test_markdown_in_a_line_and_in_a_cell_is_text(text: str) -> None:
    span = sinks.markdown(text)
    table = f"| a | b |\n| --- | --- |\n| {span} | end |"
    of_a_table = {"table", "thead", "tbody", "tr", "th", "td"}
    for source, expected in ((f"x {span} y", {"p"}), (table, of_a_table)):
        rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(source)
        assert tags_of(rendered) <= expected | {"code"}
    assert rendered.count("<td>") == 2
    assert "end" in rendered


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_begins_a_formula(text: str) -> None:
    assert sinks.csv(text).startswith("'")


@pytest.mark.parametrize("text", ["-3", "-0.5", "12", "1e-3", "-2e+10", "", "text", "a=b"])
def test_numbers_and_words_stay_cells(text: str) -> None:
    assert sinks.csv(text) == text


@given(TEXT)
def test_a_cell_stays_one_cell(text: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerow(["first", sinks.csv(text), "last"])
    (row,) = csv.reader(io.StringIO(out.getvalue()))
    assert len(row) == 3
    assert not re.match(r"[=+@\t\r]", row[1])


COMMANDS = [
    "::error::x",
    "  ::add-mask::x",
    "\t::warning::x",
    "\r\n::set-output name=score::100",
    "##[error]x",
    "a ##[command]x",
    "##vso[task.complete result=Succeeded]",
    "x ##vso[task.setvariable variable=a]b",
]
#: What a runner looks for, as its source has it: `::` after spaces, `##[` and `##vso[` anywhere.
OBEYED = re.compile(r"^\s*::|##\[|##\w+\[", re.MULTILINE)


@pytest.mark.parametrize("text", COMMANDS)
def test_no_line_of_a_log_is_a_command(text: str) -> None:
    assert OBEYED.search(clean(text))
    assert not OBEYED.search(sinks.github_log(text))


@given(TEXT)
def test_no_line_is_ever_a_command(text: str) -> None:
    assert not OBEYED.search(sinks.github_log(text))
    line = clean(text).replace("\n", " ")
    assert without_commands(without_commands(line)) == without_commands(line)


@given(TEXT, TEXT)
def test_a_message_of_a_command_stays_in_it(title: str, text: str) -> None:
    line = f"::error title={sinks.github_property(title)},line=1::{sinks.github_message(text)}"
    assert len(line.splitlines()) == 1
    properties, _, message = line.removeprefix("::error ").partition("::")
    assert len(properties.split(",")) == 2
    undone = message.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
    assert undone == clean(text)
