"""The course's parts of a report, as lines for a terminal."""

from __future__ import annotations

from typing import Any


def text(name: str, data: Any) -> list[str] | None:
    """Lines for one section, or None when it is not the course's."""
    renderers = {"training": _training, "predictions": _predictions, "learning_order": _learning_order}
    return renderers[name](data) if name in renderers and data else None


def _training(data: dict[str, Any]) -> list[str]:
    used = f"{data['cpu_seconds']:.1f} s of the {data['budget_seconds']:.0f} s budget"
    lines = [
        f"training: {data['steps']:,} steps, {data['steps_per_second']:,.1f} steps/s, {used}",
        f"  loss {_loss(data['initial_loss'])} -> {_loss(data['final_loss'])} "
        f"(floor {_loss(data['entropy_floor'])}), improvement {_percent(data['improvement'])}",
    ]
    if data["budget_limited"]:
        lines.append("  the budget ended the run (budget_limited)")
    if data["sees_the_future"]:
        lines.append("  no causal model can be that good: this one sees the future")
    elif data["forward"] == "own":
        lines.append("  judged by your own forward, because it differs from the reference's: half credit")
    elif data["forward"] == "equal":
        lines.append("  judged by your own forward, which gives what the recorded reference gives")
    milestones = [f"{step:,}: {_loss(loss)}" for step, loss in data["milestones"]]
    if milestones:
        lines.append("  loss at step  " + "  ".join(milestones))
    return lines


def _predictions(rows: list[dict[str, Any]]) -> list[str]:
    lines = ["predictions:", "  input  expected  got   exact  credit  what happened"]
    for row in rows:
        exact = "yes" if row["exact"] else "no"
        got = row["got"] or "-"
        credit = _percent_down(row["credit"])
        line = f"  {row['input']:<5}  {row['expected']:<8}  {got:<4}  {exact:<5}  {credit:>6}  {row['note']}"
        lines.append(line.rstrip())
    return lines


def _learning_order(pairs: list[list[Any]]) -> list[str]:
    parts = [f"{name} (step {step:,})" if step is not None else f"{name} (not yet)" for name, step in pairs]
    return ["order of learning: " + ", ".join(parts)]


def _loss(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _percent_down(credit: float) -> str:
    """Rounded down: 100% means full credit and nothing less."""
    return f"{int(credit * 100)}%"
