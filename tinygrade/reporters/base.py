"""What a reporter is, so that plugins can write one without reading a built-in one.

A factory registered by `tinygrade_register_reporters` gives an object with `render`. A reporter that also shows
the sections of plugins as text offers `use_sections`, one that shows more of what plugins know `use_sources`; either
is called before `render`. What else one may offer, each by itself:

* `render_all(reports) -> str`: one document of many reports;
* `suffix`, for example ".xml": how its files end where nobody names them (".txt" without it);
* `environment_file`, for example "GITHUB_STEP_SUMMARY": a variable that names the file to append to when none is named;
* `speaks_to_runner = True`: lines that it prints may be commands to a CI system's runner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from tinygrade.model import Report

if TYPE_CHECKING:
    from tinygrade.diagnosis.catalogue import Page
    from tinygrade.figures import Figure

#: `(section name, data)` to lines of plain text, or None when no plugin shows this section.
SectionText = Callable[[str, Any], list[str] | None]
#: `(section name, data)` to figures, or None when no plugin draws this section.
SectionFigures = Callable[[str, Any], "list[Figure] | None"]
#: The page of a diagnosis by its code, or None when no plugin has one.
PageOf = Callable[[str], "Page | None"]


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


def _nothing(*_: Any) -> None:
    return None


@dataclass(frozen=True)
class Sources:
    """What reporters may ask plugins for."""

    section_text: SectionText = no_sections
    section_figures: SectionFigures = _nothing
    page: PageOf = _nothing


@runtime_checkable
class TakesSources(Protocol):
    """A reporter that shows figures, or pages of diagnoses."""

    def use_sources(self, sources: Sources) -> None: ...
