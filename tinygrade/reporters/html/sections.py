"""The sections of plugins: what their figures say, ready for the template."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from tinygrade.figures import BarChart, Figure, HeatMap, LineChart, Meter, Number, Panel, Table
from tinygrade.model import Report
from tinygrade.reporters.base import Sources
from tinygrade.reporters.curve import finite
from tinygrade.reporters.html import chart
from tinygrade.text import clean

#: Steps of the colours of a heat map.
SHADES = 5
#: Rows of a table and panels of a heat map that are shown, and cells of a row.
ROWS_MOST, PANELS_MOST, CELLS_MOST = 200, 24, 32


@dataclass(frozen=True)
class Drawn:
    """One figure; `kind` names the part of the template that shows it."""

    kind: str
    figure: Figure
    content: Any = None


@dataclass(frozen=True)
class Section:
    """One section of the report: figures, or lines of text where there are none."""

    name: str
    figures: Sequence[Drawn] = ()
    text: str = ""


@dataclass(frozen=True)
class Grid:
    """A panel of a heat map: rows of (label, cells), a cell is (number or "", class)."""

    title: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[tuple[str, str]]]]


def sections_of(report: Report, sources: Sources) -> list[Section]:
    """What plugins show; a section that no plugin knows is left out."""
    ids = count(1)
    shown = []
    for name, data in report.sections.items():
        section = _section(name, data, sources, lambda: f"chart{next(ids)}")
        if section.figures or section.text:
            shown.append(section)
    return shown


def _section(name: str, data: Any, sources: Sources, next_id: Callable[[], str]) -> Section:
    try:
        figures = sources.section_figures(name, data)
        if figures:
            return Section(name, [drawn(figure, next_id) for figure in figures])
        return Section(name, text=clean("\n".join(sources.section_text(name, data) or [])))
    except Exception as error:  # a plugin's fault must not take the report along
        return Section(name, text=f"the plugin that shows this section failed: {type(error).__name__}: {error}")


def drawn(figure: Figure, next_id: Callable[[], str]) -> Drawn:
    match figure:
        case LineChart() | BarChart():
            return Drawn("chart", figure, chart.draw(figure, next_id()))
        case HeatMap():
            return Drawn("heatmap", figure, [_grid(panel) for panel in figure.panels[:PANELS_MOST]])
        case Table():
            return Drawn("table", figure, _rows(figure))
        case Meter():
            share = min(1.0, max(0.0, figure.value / figure.most)) if figure.most > 0 else 0.0
            return Drawn("meter", figure, f"{100 * share:.1f}")
    raise TypeError(f"{type(figure).__name__} is no figure")


def _rows(table: Table) -> list[tuple[str, list[tuple[str, bool]]]]:
    """Rows as (class, cells), a cell as (text, aligned to the right)."""
    kinds = {True: "good", False: "bad", None: ""}
    judged = [*table.good, *[None] * len(table.rows)]
    return [
        (kinds[good], [(cell, column in table.right) for column, cell in enumerate(row[:CELLS_MOST])])
        for row, good in zip(table.rows[:ROWS_MOST], judged, strict=False)
    ]


def _grid(panel: Panel) -> Grid:
    labels = [*panel.row_labels, *[""] * len(panel.rows)]
    rows = [
        (label, [_cell(value) for value in row[:CELLS_MOST]])
        for label, row in zip(labels, panel.rows[:ROWS_MOST], strict=False)
    ]
    return Grid(panel.title, list(panel.column_labels[:CELLS_MOST]), rows)


def _cell(value: Number) -> tuple[str, str]:
    number = finite(value)
    if number is None:
        return "", "shade-none"
    share = min(1.0, max(0.0, number))
    return f"{number:.2f}".removeprefix("0"), f"shade-{min(SHADES - 1, int(share * SHADES))}"
