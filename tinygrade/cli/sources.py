"""What plugins know beyond the report, as reporters ask for it: sections as text and figures, pages of diagnoses."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from tinygrade.calling import Warn, first, print_warning
from tinygrade.reporters.base import Sources

if TYPE_CHECKING:
    import pluggy

    from tinygrade.diagnosis.catalogue import Catalogue, Page


def sources_of(manager: pluggy.PluginManager, warn: Warn = print_warning) -> Sources:
    """The sources of the plugins of `manager`, each asked when it is needed; `warn` is told of plugins that fail."""

    @cache
    def catalogue() -> Catalogue:
        from tinygrade.plugins import diagnoses

        return diagnoses(manager, warn)

    def text(name: str, data: Any) -> list[str] | None:
        lines: list[str] | None = first(manager, "tinygrade_section_text", warn, {"name": name, "data": data}, _lines)
        return lines

    def figures(name: str, data: Any) -> Any:
        return first(manager, "tinygrade_section_figures", warn, {"name": name, "data": data}, list)

    def page(code: str) -> Page | None:
        return catalogue().pages.get(code)

    return Sources(text, figures, page)


def _lines(found: Any) -> list[str]:
    if not isinstance(found, list) or not all(isinstance(line, str) for line in found):
        raise TypeError("gave no list of lines")
    return found
