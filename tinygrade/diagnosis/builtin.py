"""Registers the diagnoses that know no assignment, by the hook that plugins use too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tinygrade.hookspecs import hookimpl

PAGES = Path(__file__).parent / "pages"


@hookimpl
def tinygrade_register_diagnoses(register: Callable[..., None]) -> None:
    """Patterns of gradients, values and trajectories of any package."""
    # Inside, because this plugin is loaded at every start and numpy is heavy.
    from tinygrade.diagnosis.pages import read_pages
    from tinygrade.diagnosis.rules.order import RULES

    pages = {page.code: page for file in sorted(PAGES.glob("*.md")) for page in read_pages(file)}
    # In the order of their first rules: of two that recognise something, the earlier registered is told.
    for code in dict.fromkeys([*(rule.code for rule in RULES), *pages]):
        register(pages[code], *(rule for rule in RULES if rule.code == code))
