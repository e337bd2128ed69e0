"""Curves as a picture, by matplotlib where it is installed."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from tinygrade import UsageError

SUFFIXES = (".svg", ".png", ".pdf")
Curve = Sequence[tuple[int, float]]


def require(file: Path) -> None:
    """Raise UsageError unless a picture can be drawn into this file: asked before anything is trained."""
    if file.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--plot {file}: the name must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError("--plot needs matplotlib: pip install matplotlib")


def curves(groups: Mapping[str, Sequence[Curve]], floor: float, suffix: str) -> bytes:
    """Loss over steps, both on log scales: one colour a group, one line a run, and the floor they cannot cross."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for number, (name, runs) in enumerate(groups.items()):
        for i, curve in enumerate(runs):
            points = [(step, loss) for step, loss in curve if step > 0]
            steps, losses = [step for step, _ in points], [loss for _, loss in points]
            axes.plot(steps, losses, color=f"C{number}", alpha=0.8, label=name if i == 0 else None)
    axes.axhline(floor, color="black", linestyle="--", linewidth=1, label=f"entropy floor {floor:.4f}")
    axes.set(xscale="log", yscale="log", xlabel="step", ylabel="loss over all strings, nats")
    axes.legend()
    buffer = io.BytesIO()
    # Without a date the same curves give the same file.
    undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(suffix.lower())
    figure.savefig(buffer, format=suffix.lower().lstrip("."), metadata=undated)
    return buffer.getvalue()
