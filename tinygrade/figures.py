"""Figures as plain descriptions: plugins say what is to be seen, reporters draw it in the way of their format.

All text in them is taken for untrusted, and escaped by whoever draws. Numbers that are not finite, or None, are left
out of a line and marked in a map.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Number = float | int | None


@dataclass(frozen=True)
class Series:
    """One line of a chart. `role` says what it is, not how it looks: `main` is what the chart is about."""

    label: str
    x: Sequence[Number]
    y: Sequence[Number]
    role: Literal["main", "other"] = "main"


@dataclass(frozen=True)
class Level:
    """A value that is told beside the lines, such as a bound: a horizontal line."""

    label: str
    y: float


@dataclass(frozen=True)
class LineChart:
    """Lines over a common axis.

    Attributes:
        alt: what the chart shows, in words, for those who cannot see it.
        log_y: logarithmic; values that are not positive are left out.
    """

    title: str
    alt: str
    x_label: str
    y_label: str
    series: Sequence[Series]
    levels: Sequence[Level] = ()
    caption: str = ""
    log_y: bool = False


@dataclass(frozen=True)
class BarChart:
    """A bar for each label.

    Attributes:
        alt: what the chart shows, in words, for those who cannot see it.
        lying: bars from left to right, the first label on top: for long labels.
        most: where the axis of values ends; None: at the highest bar.
    """

    title: str
    alt: str
    label: str
    value_label: str
    labels: Sequence[str]
    values: Sequence[float]
    lying: bool = False
    most: float | None = None
    caption: str = ""


@dataclass(frozen=True)
class Panel:
    """One table of numbers with its labels; None is an entry that has no value."""

    title: str
    rows: Sequence[Sequence[Number]]
    row_labels: Sequence[str] = ()
    column_labels: Sequence[str] = ()


@dataclass(frozen=True)
class HeatMap:
    """Tables of numbers from 0 to 1, shown by colour, and by the number where there is room for it."""

    title: str
    alt: str
    panels: Sequence[Panel]
    #: What down and across mean.
    row_label: str = ""
    column_label: str = ""
    caption: str = ""


@dataclass(frozen=True)
class Meter:
    """How much of something was used."""

    title: str
    value: float
    most: float
    #: The numbers in words: `0.1 s of the 301 s budget`.
    text: str


@dataclass(frozen=True)
class Table:
    """Cells of text.

    Attributes:
        right: numbers of the columns that are aligned to the right.
        good: for each row, whether it is as it should be (None: neither); empty for a table that does not judge.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[int] = ()
    good: Sequence[bool | None] = ()
    caption: str = ""


Figure = LineChart | BarChart | HeatMap | Meter | Table
