"""The report as a terminal shows it: what happened, what it amounts to, where to start, how to repeat it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from tinygrade.model import Report
from tinygrade.reporters import advice, blocks
from tinygrade.reporters.base import SectionText, no_sections
from tinygrade.reporters.lines import MINIMUM_WIDTH, Line, to_text

DEFAULT_WIDTH = 80
#: Longer lines are hard to read, however wide the window is.
MAXIMUM_WIDTH = 100


def terminal_width() -> int:
    columns = shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns
    return max(MINIMUM_WIDTH, min(columns, MAXIMUM_WIDTH))


def head(report: Report, width: int) -> list[Line]:
    """All that is known before the first check ends."""
    return [
        *blocks.title(report.assignment, report.title, report.seed, width),
        *blocks.surroundings(report.isolation, report.environment, width, report.reference),
        *blocks.swaps(report.swaps, width),
        *blocks.taken(report.checks, width),
    ]


def tail(report: Report, commands: advice.Commands, section_text: SectionText, width: int) -> list[Line]:
    """All that is known only after the last check, except the line that repeats the run."""
    extra = blocks.sections(report, section_text, width)
    return [
        *extra,
        *([Line("")] if extra else []),
        *blocks.score(report, width),
        *advice.advice(report, commands, width),
    ]


def lines(report: Report, commands: advice.Commands, section_text: SectionText, width: int) -> list[Line]:
    """The whole view of a report."""
    return [
        *head(report, width),
        *blocks.groups(report.checks, width),
        *tail(report, commands, section_text, width),
        *advice.repeat(commands),
    ]


class TerminalReporter:
    """The report as plain text of 80 columns."""

    def __init__(self, width: int = DEFAULT_WIDTH) -> None:
        self._width = width
        self._section_text: SectionText = no_sections

    def use_sections(self, section_text: SectionText) -> None:
        self._section_text = section_text

    def render(self, report: Report) -> str:
        return to_text(lines(report, advice.Commands.of(report), self._section_text, self._width))

    def render_all(self, reports: Sequence[Report]) -> str:
        """One below the other."""
        return "\n".join(map(self.render, reports))


def render(report: Report, width: int = DEFAULT_WIDTH) -> str:
    """The report as plain text, without the sections of plugins."""
    return TerminalReporter(width).render(report)
