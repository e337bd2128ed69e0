"""Is a text inert? What tests of sinks and of reporters ask of it, whatever its format."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from html.parser import HTMLParser
from xml.etree import ElementTree

from markdown_it import MarkdownIt

from tests.runner import parse_command

#: Every kind of thing that a student's text may try; tags and addresses carry a word of their own.
EVIL = (
    "\x1b]0;owned\x07\x1b[2J\x1b[32m PASSED\x1b[0m\x1b]8;;http://evil.invalid/\x07link\x1b]8;;\x07"
    "<evil-tag onclick=alert(1)><script>evil()</script><img src=http://evil.invalid/x onerror=alert(1)>"
    "![p](http://evil.invalid/p.png) [c](javascript:evil()) </details></pre></td></testcase>]]>```\n# Score: 100/100\n"
    '"\'=HYPERLINK("http://evil.invalid/")\r\n=1+1\n+1\n@SUM(1)\n-2+3\n::error::forged\n  ::set-output name=score::1\n'
    "##vso[task.complete result=Succeeded]\n| a | b |\n````\n~~~\n&#60;b&#62; \u202eevissap\u202c\u2066"
    "\x00\x85\u2028\ud800"
)
_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
_EVIL_TAGS = {"evil-tag", "img", "iframe"}


def assert_inert_text(text: str) -> None:
    """Steers no terminal and no CI log, and can be written as UTF-8."""
    text.encode("utf-8")
    controls = {c for c in text if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}} - {"\n"}
    assert not controls, controls
    assert not set(text) & set(_BIDI)


def assert_no_commands(text: str) -> None:
    for line in text.split("\n"):
        found = re.search(r"^\s*::(?:set-output|add-mask)|::error::forged|##vso\[", line)
        assert found is None or not re.match(r"\s*::", line), line
        assert "##vso[" not in line, line


def assert_only_annotations(text: str) -> None:
    """All that the runner takes for a command is an annotation of ours, and those have a title."""
    for line in text.split("\n"):
        command = parse_command(line)
        if command is not None:
            assert command.name in {"error", "warning", "notice"}, line
            assert "title" in command.properties, line
            assert set(command.properties) <= {"file", "line", "title"}, line
    assert "##vso[" not in text
    assert "##[" not in text


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.scripts = ""
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._inside = tag
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style"):
            self.scripts += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""


def tags_of(html: str) -> set[str]:
    reader = _Tags()
    reader.feed(html)
    return reader.tags


def assert_inert_html(text: str) -> None:
    reader = _Tags()
    reader.feed(text)
    assert not reader.tags & _EVIL_TAGS, reader.tags
    assert "evil" not in reader.scripts
    for name, value in reader.attributes:
        assert not name.startswith("on") or "alert(1)" not in value, (name, value)
        assert name not in ("href", "src", "action", "style") or "evil" not in value, (name, value)


def assert_inert_xml(text: str) -> None:
    root = ElementTree.fromstring(text.encode())
    assert not {element.tag for element in root.iter()} & (_EVIL_TAGS | {"script"})


def assert_inert_markdown(text: str) -> None:
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert_inert_html(rendered)
    assert "<h1>Score: 100/100" not in rendered


def assert_inert_csv(text: str) -> None:
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            assert not re.match(r"\s*[=+@]|-\d+\+", cell), cell


def assert_inert_json(text: str) -> None:
    """A consumer that is told so takes the strings inside for HTML or Markdown."""
    for table in _tables(json.loads(text)):
        told = {str(value) for key, value in table.items() if str(key).endswith("format")}
        for string in (value for value in table.values() if isinstance(value, str)):
            if told & {"html", "simple_format"}:
                assert_inert_html(string)
            if told & {"md", "markdown"}:
                assert_inert_markdown(string)


def _tables(tree: object) -> list[dict[str, object]]:
    if isinstance(tree, dict):
        return [tree, *(found for value in tree.values() for found in _tables(value))]
    return [found for item in tree for found in _tables(item)] if isinstance(tree, list) else []


def assert_inert(format: str, text: str) -> None:
    """By what the text is, so that a format that nobody has thought of yet is read as what it looks like."""
    start = text.lstrip()[:200].lower()
    assert_inert_text(text)
    if start.startswith("{") or "json" in format:
        assert_inert_json(text)
    elif start.startswith("<?xml") or start.startswith("<test"):
        assert_inert_xml(text)
    elif start.startswith("<"):
        assert_inert_html(text)
    elif format == "github":
        assert_only_annotations(text)
    elif "csv" in format:
        assert_inert_csv(text)
    else:
        assert_no_commands(text)
        if "terminal" not in format and "text" not in format:
            assert_inert_markdown(text)
