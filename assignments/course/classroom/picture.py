"""One moment of a training run as lines: the curve above its floor beside the predictions that change."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from tinygrade.reporters.curve import BLOCKS, finite
from tinygrade.reporters.lines import shortened

from ..judging import Prediction
from .run import Run

#: A piece of text and its style.
Piece = tuple[str, str]
#: Narrower than this, the curve stands above the table instead of beside it.
SIDE_BY_SIDE = 72
GAP = 2
#: Colours: named exactly, learned as far as it can be, not learned yet.
EXACT, LEARNED, MISSED = "green", "cyan", "yellow"
LEAST_FLOOR = 1e-3


def picture(run: Run, title: str, width: int, height: int) -> list[list[Piece]]:
    """Lines of pieces, at most `width` columns wide and `height` lines high."""
    head: list[list[Piece]] = [[(shortened(title, width), "bold")], [(shortened(_state(run), width), "")], []]
    room = height - len(head) - 1
    rows = table(run.now.predictions, room)
    table_width = max((sum(len(text) for text, _ in row) for row in rows), default=0)
    table_width = min(table_width, max(width - 30, width // 2))
    if width < SIDE_BY_SIDE:
        chart = area(run, width, max(2, min(5, room - len(rows) - 1)))
        return [*head, *chart, [], *(_cut(row, width) for row in rows)][:height]
    left = width - table_width - GAP
    chart = area(run, left, max(4, min(len(rows), room) - 3))
    notes = [[(line, "")] for line in order_lines(run, left)]
    return [*head, *_beside([*chart, [], *notes], [_cut(row, table_width) for row in rows], left)][:height]


def state(run: Run) -> str:
    """Where the run is, for a line of its own in a pipe."""
    return f"step {run.step:>7,}   loss {run.now.loss:.4f}   {_known(run)}   {run.steps_per_second:,.0f} steps/s"


def _state(run: Run) -> str:
    """The same above the picture, which shows the floor."""
    speed = f"{run.steps_per_second:,.0f} steps/s"
    return "   ".join((f"step {run.step:,}", f"loss {run.now.loss:.3f}", speed, _left(run), _known(run)))


def _known(run: Run) -> str:
    return f"{run.now.learned}/{len(run.exam.cases)} learned, {run.now.exact} exact"


def _left(run: Run) -> str:
    seconds = max(0.0, run.seconds - run.used)
    if run.steps and run.step:
        pace = min(run.steps_per_second, run.pace or run.steps_per_second)
        seconds = min(seconds, max(0, run.steps - run.step) / pace)
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d} left"


def table(predictions: Sequence[Prediction], room: int) -> list[list[Piece]]:
    """A row per case: what goes in, what should come, what the model says, what that is worth, what happened."""
    wide = max([4, *(len(p.input) for p in predictions)])
    rows: list[list[Piece]] = [[(f"{'from':<{wide}} {'next':<{wide}} {'got':<{wide}} credit  what happened", "dim")]]
    for p in predictions:
        text = f"{p.input:<{wide}} {p.expected:<{wide}} {p.got or '-':<{wide}} {int(p.credit * 100):>5}%  "
        rows.append([(text, style(p)), (_brief(p.note), style(p))])
    if len(rows) <= room or room < 3:
        return rows
    return [*rows[: room - 1], [(f"... and {len(rows) - room + 1} more", "dim")]]


def _brief(note: str) -> str:
    """A note in at most 22 columns."""
    note = note.replace("two strings begin alike", "begin alike")
    note = note.replace(", and the other one is too likely", ", not sure")
    return note.replace("right, but not sure enough", "right, but not sure") or "exact"


def style(prediction: Prediction) -> str:
    if prediction.credit < 1.0:
        return MISSED
    return EXACT if prediction.exact else LEARNED


def order_lines(run: Run, width: int) -> list[str]:
    """The order of learning so far, in at most four short lines."""
    words = [f"{name} (step {step:,})" if step is not None else f"{name} (not yet)" for name, step in run.order()]
    lines = ["learned in this order:"]
    for word in words:
        if len(lines) > 1 and len(lines[-1]) + len(word) + 2 <= width:
            lines[-1] += f", {word}"
        else:
            lines.append(f" {word}")
    return [shortened(line, width) for line in lines]


def area(run: Run, width: int, height: int) -> list[list[Piece]]:
    """The loss over the steps, both on log scales, as an area whose ground is the entropy floor."""
    points = [(step, loss) for step, value in run.curve if (loss := finite(value)) is not None and step > 0]
    ground = max(run.exam.floor, LEAST_FLOOR)
    top = max([finite(run.history[0].loss) or 1.0, ground * 1.1, *(loss for _, loss in points)])
    label = len("floor 0.000 ")
    columns = _columns(points, max(width - label, 10), ground, top)
    lines: list[list[Piece]] = []
    for row in range(height):
        bars = "".join(_block(column * height - (height - 1 - row)) for column in columns)
        name = f"{top:.2f}" if row == 0 else f"floor {run.exam.floor:.3f}" if row == height - 1 else ""
        lines.append([(f"{name:>{label - 1}} ", "dim"), (bars, "blue")])
    last = f"step {points[-1][0]:,}" if points else ""
    axis = f"{'':<{label}}1{last:>{max(width - label, 10) - 1}}"
    return [*lines, [(axis, "dim")]]


def _columns(points: list[tuple[int, float]], width: int, ground: float, top: float) -> list[float]:
    """Height in [0, 1] of each column: the last loss up to its step."""
    if not points:
        return []
    last = points[-1][0]
    heights, index = [], 0
    for column in range(width):
        step = last ** ((column + 1) / width)
        while index + 1 < len(points) and points[index + 1][0] <= step * 1.0001:
            index += 1
        above = log(max(points[index][1], ground) / ground) / log(top / ground)
        heights.append(min(1.0, above))
    return heights


def _block(filled: float) -> str:
    """One cell that is filled up to a part; a cell below the area is full, one above it empty."""
    eighths = round(filled * 8)
    return " " if eighths < 1 else BLOCKS[min(eighths, 8) - 1]


def _beside(left: list[list[Piece]], right: list[list[Piece]], width: int) -> list[list[Piece]]:
    lines: list[list[Piece]] = []
    for i in range(max(len(left), len(right))):
        first = left[i] if i < len(left) else []
        space = width + GAP - sum(len(text) for text, _ in first)
        lines.append([*first, (" " * space, ""), *(right[i] if i < len(right) else [])])
    return lines


def _cut(row: list[Piece], width: int) -> list[Piece]:
    pieces: list[Piece] = []
    for text, its_style in row:
        room = width - sum(len(t) for t, _ in pieces)
        pieces.append((shortened(text, room) if room > 3 else text[:room], its_style))
    return pieces
