"""A page of headed figures in the style of the reports, for what is no report of one submission."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from tinygrade.figures import Figure
from tinygrade.reporters.html.reporter import environment, require_extra, style
from tinygrade.reporters.html.sections import drawn


@dataclass(frozen=True)
class Part:
    """What stands under one heading."""

    name: str
    figures: Sequence[Figure]
    intro: str = ""


@dataclass(frozen=True)
class FigurePage:
    kicker: str
    title: str
    #: What is seen first: a number, and what it means.
    number: str
    notes: Sequence[str]
    parts: Sequence[Part]


def render(page: FigurePage) -> str:
    """One self-contained file of HTML.

    Raises:
        UsageError: the extra `html` is not installed.
    """
    require_extra()
    ids = count(1)
    shown = [
        (f"part{place}", part, [drawn(figure, lambda: f"chart{next(ids)}") for figure in part.figures])
        for place, part in enumerate(page.parts, 1)
    ]
    return environment().get_template("figures.html").render(page=page, parts_shown=shown, style=style()) + "\n"
