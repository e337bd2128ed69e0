"""What a reporter is, so that plugins can write one without reading a built-in one.

A factory registered by `tinygrade_register_reporters` gives an object with `render`. A reporter that also shows
the sections of plugins offers `use_sections`, which is called before `render`. What else one may offer, each by itself:

* `render_all(reports) -> str`: one document of many reports;
* `suffix`, for example ".xml": how its files end where nobody names them (".txt" without it);
* `environment_file`, for example "GITHUB_STEP_SUMMARY": a variable that names the file to append to when none is named;
* `speaks_to_runner = True`: lines that it prints may be commands to a CI system's runner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


@runtime_checkable
class TakesMany(Protocol):
    """A reporter that makes one document of many reports."""

    def render_all(self, reports: Sequence[Report]) -> str: ...


def no_sections(name: str, data: Any) -> list[str] | None:
    """The `SectionText` of a reporter that nobody gave one."""
    return None
