"""The course's parts of a report, as figures: loss curve, budget, the fifteen cases, order of learning, attention.

The data may come from a stored report of another version or from a damaged one: what is not there is not shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from tinygrade.figures import Figure, HeatMap, Level, LineChart, Meter, Panel, Series, Table

from .reference_curve import LOSSES, STEPS

CURVE_CAPTION = (
    "Lower is better, and no model that sees only the past can get below the entropy floor. The reference's curve was "
    "recorded once, on strings drawn for it; its steps see all strings at once."
)
CASES_CAPTION = (
    "Several strings begin alike (after AB comes C, or the end), so even a perfect model names at most 12 of the 15 "
    "exactly. A case is earned when its next characters are nearly as likely as they are in the data."
)
ATTENTION_CAPTION = (
    "Each row is a character that asks, each column one that it reads from; a row adds up to 1, and what is hatched "
    "lies in the future. Computed from your trained weights."
)


def of_section(name: str, data: Any) -> list[Figure] | None:
    """Figures for one section; None when it is not the course's, or holds nothing that can be shown."""
    makers = {
        "training": _training,
        "predictions": _predictions,
        "learning_order": _learning_order,
        "attention": _attention,
    }
    return (makers[name](data) or None) if name in makers and data else None


# ---- training --------------------------------------------------------------------------------------


def _training(data: Any) -> list[Figure]:
    if not isinstance(data, Mapping):
        return []
    points = [(step, loss) for step, loss in _pairs(data.get("curve")) if _number(step) and _number(loss)]
    initial = data.get("initial_loss")
    start = [(0, initial)] if _number(initial) else []
    return [*_curve([*start, *points], data), *_budget(data)]


def _curve(points: Sequence[tuple[Any, Any]], data: Mapping[str, Any]) -> list[Figure]:
    if len(points) < 2:
        return []
    floor, final = data.get("entropy_floor"), data.get("final_loss")
    steps, losses = zip(*points, strict=True)
    reached = f" Best judged loss {final:.3f}." if _number(final) else ""
    bound = f" Entropy floor {floor:.3f}." if _number(floor) else ""
    alt = f"Your loss goes from {losses[0]:.3f} before the first step to {losses[-1]:.3f} at step {steps[-1]:,}."
    other = f" The reference's goes from {LOSSES[0]:.3f} to {LOSSES[-1]:.3f} in {STEPS[-1]} steps."
    return [
        LineChart(
            title="Loss while training",
            alt=f"{alt}{reached}{bound}{other}",
            x_label="step",
            y_label="loss (nats)",
            series=[Series("yours", steps, losses), Series("reference", STEPS, LOSSES, "other")],
            levels=[Level("entropy floor", floor)] if _number(floor) else [],
            caption=CURVE_CAPTION,
            log_y=True,
        )
    ]


def _budget(data: Mapping[str, Any]) -> list[Figure]:
    used, most, steps = data.get("cpu_seconds"), data.get("budget_seconds"), data.get("steps")
    if not (_number(used) and _number(most) and most > 0):
        return []
    text = f"{used:.1f} s of the {most:.0f} s budget" + (f", {steps:,} steps" if _number(steps) else "")
    ended = "; the budget ended the run" if data.get("budget_limited") else ""
    return [Meter("Training budget", used, most, text + ended)]


# ---- predictions -----------------------------------------------------------------------------------


def _predictions(data: Any) -> list[Figure]:
    rows = [row for row in data if isinstance(row, Mapping)] if isinstance(data, list) else []
    if not rows:
        return []
    cells = [
        (
            str(row.get("input", "")),
            str(row.get("expected", "")),
            str(row.get("got") or "–"),
            "yes" if row.get("exact") is True else "no",
            _percent_down(row.get("credit")),
            str(row.get("note", "")),
        )
        for row in rows
    ]
    columns = ("input", "expected", "got", "exact", "credit", "what happened")
    good = [row.get("credit") == 1 for row in rows]
    return [Table("The fifteen cases", columns, cells, right=(4,), good=good, caption=CASES_CAPTION)]


def _learning_order(data: Any) -> list[Figure]:
    pairs = _pairs(data)
    rows = [(str(name), f"{step:,}" if _number(step) else "not yet") for name, step in pairs]
    good = [True if _number(step) else None for _, step in pairs]
    caption = "The first step at which all cases of a kind had full credit."
    columns = ("kind of string", "learned at step")
    return [Table("Order of learning", columns, rows, (1,), good, caption)] if rows else []


# ---- attention -------------------------------------------------------------------------------------


def _attention(data: Any) -> list[Figure]:
    strings = data.get("strings") if isinstance(data, Mapping) else None
    panels = [panel for entry in strings for panel in _panels(entry)] if isinstance(strings, list) else []
    if not panels:
        return []
    alt = "Attention weights of each head on a few strings, from 0 to 1. The numbers stand in the cells."
    return [HeatMap("What the model attends to", alt, panels, "reads", "from", ATTENTION_CAPTION)]


def _panels(entry: Any) -> list[Panel]:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("heads"), list):
        return []
    string = str(entry.get("string", ""))
    found = []
    for number, head in enumerate(entry["heads"], 1):
        rows = [[x if _number(x) else None for x in row] for row in head if isinstance(row, list)]
        if rows:
            found.append(Panel(f"{string}, head {number}", rows, list(string), list(string)))
    return found


# ---- what data may be ------------------------------------------------------------------------------


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    pairs = [pair for pair in value if isinstance(pair, list | tuple) and len(pair) == 2] if _is_list(value) else []
    return [(first, second) for first, second in pairs]


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _percent_down(credit: Any) -> str:
    """Rounded down: 100% means full credit and nothing less."""
    return f"{int(credit * 100)}%" if _number(credit) else "–"
