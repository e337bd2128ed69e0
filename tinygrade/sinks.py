"""Untrusted text made harmless for the place that it goes to: one function for each kind of place.

A reporter passes everything that a student may have written through the one of its format: names, messages, prints.
Each function cleans and bounds first (see `text`), so that no caller has to remember to. The terminal's own is
`text.for_terminal`, behind `text.clean`.
"""

from __future__ import annotations

import html as html_module
import re

from tinygrade.text import LIMIT, clean, clean_line, without_commands

#: What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection); tab and return are cleaned away.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
# XML 1.0, production 2: what is left out has no place in a document, not even as a reference.
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def html(text: str, limit: int = LIMIT) -> str:
    """For the text of an element, and for an attribute in quotes."""
    return html_module.escape(clean(text, limit), quote=True)


def markdown_block(text: str, limit: int = LIMIT) -> str:
    """A fenced block: its fence is longer than any run of backticks in the text, so that nothing ends it early."""
    body = github_log(text, limit)  # Markdown is printed into logs, too
    fence = "`" * max(3, 1 + _longest_run(body))
    return f"{fence}text\n{body}\n{fence}"


def markdown(text: str, limit: int = LIMIT) -> str:
    """One line among Markdown, also in a cell of a table: a code span, longer than any run of backticks in the text.

    Escapes by backslash would keep links away, but not what a site makes of the finished page: `@name`, `#12`.
    """
    line = without_commands(clean_line(text, limit)).replace("|", "\\|")  # cells are cut before anything else
    fence = "`" * (1 + _longest_run(line))
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{space}{line}{space}{fence}" if line else ""


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def csv(text: str, limit: int = LIMIT) -> str:
    """The content of one cell (quoting is the csv module's): no formula, and on one line.

    A plain number stays one, also below zero.
    """
    line = clean_line(text, limit)
    return f"'{line}" if _FORMULA.match(line) and not _NUMBER.fullmatch(line) else line


def xml(text: str, limit: int = LIMIT) -> str:
    """For the text of an element or an attribute in quotes, in characters that XML 1.0 has."""
    return html_module.escape(_NOT_XML.sub("\ufffd", clean(text, limit)), quote=True)


def github_log(text: str, limit: int = LIMIT) -> str:
    """Lines for the log of a GitHub or Azure job, none of which is a command to the runner."""
    return "\n".join(without_commands(line) for line in clean(text, limit).split("\n"))


def github_message(text: str, limit: int = LIMIT) -> str:
    """What stands behind `::error ...::`; line ends are data there."""
    return clean(text, limit).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def github_property(text: str, limit: int = LIMIT) -> str:
    """The value of a property, as in `::error file=...,title=...::`."""
    return github_message(clean_line(text, limit), limit * 3).replace(":", "%3A").replace(",", "%2C")
