"""The error of each entry as a picture: cells in colours that get stronger with the error.

SVG by hand: with one path for the cells of a level, 32x32 entries are a few kilobytes; the style sheet has the colours.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from tinygrade import sinks
from tinygrade.errormap import ErrorMap

if TYPE_CHECKING:
    from markupsafe import Markup

#: Class of a cell, what it means, and the largest error of it, as a share of the largest right entry.
LEVELS = (
    ("right", "right", 0.0),
    ("slight", "up to 1%", 0.01),
    ("small", "up to 10%", 0.1),
    ("large", "up to 100%", 1.0),
    ("huge", "more", float("inf")),
    ("none", "not a number", None),
)
CELL = 10
#: Labels at the edges, at the most; with more, every second, third, ... has one.
LABELS_MOST = 8
#: Pixels: of a cell and of the whole at the most (as wide as a phone), and of a label.
CELL_MOST, SIDE_MOST, FONT = 22, 320, 11


def draw(found: ErrorMap) -> Markup | None:
    """The figure, or None for a map that cannot be drawn."""
    from markupsafe import Markup

    rows = found.rows
    across = len(rows[0]) if rows else 0
    if not across or any(len(row) != across for row in rows):
        return None
    cells = [[level(error) for error in row] for row in rows]
    wrong = sum(name != "right" for row in cells for name in row)
    size = f"{len(rows) * across} {'entries' if found.block == (1, 1) else 'blocks'}"
    said = f"{wrong} of {size} {'is' if wrong == 1 else 'are'} wrong{_where(cells)}"
    head = f"Which entries are wrong: {sinks.html(found.of, 300)}, shape {sinks.html(_shape(found))}"
    return Markup(
        f'<figure class="errors"><figcaption>{head}. {said}.{_blocks(found)}</figcaption>'
        f"{_svg(cells, found, f'{head}. {said}.')}{_legend(cells)}</figure>"
    )


def level(error: float | None) -> str:
    """The class of a cell."""
    if error is None:
        return "none"
    return next(name for name, _, most in LEVELS if most is not None and error <= most)


def _shape(found: ErrorMap) -> str:
    return "×".join(map(str, found.shape))


def _where(cells: list[list[str]]) -> str:
    """Rows and columns that hold all the wrong entries, where that is less than everything."""
    down = [i for i, row in enumerate(cells) if any(name != "right" for name in row)]
    across = [j for j in range(len(cells[0])) if any(row[j] != "right" for row in cells)]
    said = [
        f"{noun}{'' if len(found) == 1 else 's'} {_ranges(found)}"
        for noun, found, most in (("row", down, len(cells)), ("column", across, len(cells[0])))
        if len(found) < most
    ]
    return f": all in {' and '.join(said)}" if said else ""


def _ranges(numbers: list[int]) -> str:
    """`0, 2–4`"""
    starts = [n for n in numbers if n - 1 not in numbers]
    ends = [n for n in numbers if n + 1 not in numbers]
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in zip(starts, ends, strict=True))


def _blocks(found: ErrorMap) -> str:
    down, across = found.block
    return f" Each cell is the worst of {down}×{across} entries." if (down, across) != (1, 1) else ""


def _svg(cells: list[list[str]], found: ErrorMap, label: str) -> str:
    down, across = len(cells), len(cells[0])
    rows = _row_names(found, down)
    scale = min(CELL_MOST, SIDE_MOST / max(down, across)) / CELL
    font = round(FONT / scale, 1)
    left = round(font * (0.62 * max(map(len, rows)) + 0.6))
    top = round(font + 3)
    width, height = left + across * CELL, top + down * CELL
    paths = "".join(
        f'<path class="error-{name}" d="{d}"/>' for name, _, _ in LEVELS if (d := "".join(_squares(cells, name)))
    )
    return (
        f'<svg role="img" aria-label="{label}" viewBox="{-left} {-top} {width} {height}" '
        f'style="width:{width * scale:.0f}px" font-size="{font}">{paths}{_labels(rows, across, found.block[1])}</svg>'
    )


def _squares(cells: list[list[str]], name: str) -> Iterator[str]:
    gap = 0.5
    for i, row in enumerate(cells):
        for j, found in enumerate(row):
            if found == name:
                side = CELL - 2 * gap
                yield f"M{j * CELL + gap:g} {i * CELL + gap:g}h{side:g}v{side:g}h-{side:g}z"


def _row_names(found: ErrorMap, down: int) -> list[str]:
    """The index of each row: of several axes where there are more than two."""
    block = found.block[0]
    if len(found.shape) < 2:
        return [""] * down
    if len(found.shape) == 2 or block > 1 or prod(found.shape[:-1]) != down:
        return [str(i * block) for i in range(down)]
    return [",".join(map(str, index)) for index in product(*map(range, found.shape[:-1]))]


def _labels(rows: list[str], across: int, block: int) -> str:
    every = -(-across // LABELS_MOST)
    top = "".join(
        f'<text x="{(j + 0.5) * CELL:g}" y="-2" text-anchor="middle">{j * block}</text>'
        for j in range(0, across, every)
    )
    skip = -(-len(rows) // (2 * LABELS_MOST))
    side = "".join(
        f'<text x="-2" y="{(i + 0.5) * CELL:g}" dy="0.35em" text-anchor="end">{name}</text>'
        for i, name in enumerate(rows)
        if i % skip == 0
    )
    return top + side


def _legend(cells: list[list[str]]) -> str:
    there = {name for row in cells for name in row}
    items = "".join(
        f'<li><span class="swatch error-{name}"></span>{words}</li>' for name, words, _ in LEVELS if name in there
    )
    return f'<ul class="legend" aria-label="Error, in parts of the largest right entry">{items}</ul>'
