"""What plugins know beyond the report, as reporters ask for it: sections as text and figures, pages of diagnoses."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from tinygrade.reporters.base import Sources

if TYPE_CHECKING:
    import pluggy

    from tinygrade.diagnosis.catalogue import Catalogue, Page


def sources_of(manager: pluggy.PluginManager) -> Sources:
    """The sources of the plugins of `manager`, each asked when it is needed."""

    @cache
    def catalogue() -> Catalogue:
        from tinygrade.plugins import diagnoses

        return diagnoses(manager)

    def text(name: str, data: Any) -> list[str] | None:
        lines: list[str] | None = manager.hook.tinygrade_section_text(name=name, data=data)
        return lines

    def figures(name: str, data: Any) -> Any:
        return manager.hook.tinygrade_section_figures(name=name, data=data)

    def page(code: str) -> Page | None:
        return catalogue().pages.get(code)

    return Sources(text, figures, page)
