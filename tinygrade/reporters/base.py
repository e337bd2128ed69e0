"""What a reporter is, so that plugins can write one without reading a built-in one.

A factory registered by `tinygrade_register_reporters` gives an object with `render`. A reporter that also shows
the sections of plugins offers `use_sections`, which is called before `render`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from tinygrade.model import Report

#: `(section name, data)` to lines of plain text, or None when no plugin shows this section.
SectionText = Callable[[str, Any], list[str] | None]


class Reporter(Protocol):
    """Turns a report into the text of one format."""

    # `report` is the student's view unless the caller asked for the instructor's. What it quotes from a student
    # is untrusted: escape it for your format.
    def render(self, report: Report) -> str: ...


@runtime_checkable
class TakesSections(Protocol):
    """A reporter that shows sections as text."""

    def use_sections(self, section_text: SectionText) -> None: ...


def no_sections(name: str, data: Any) -> list[str] | None:
    """The `SectionText` of a reporter that nobody gave one."""
    return None
