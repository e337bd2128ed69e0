"""The one line that is redrawn: what runs now, and for a training run step, loss, time left and a small curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tinygrade.reporters.curve import finite, sparkline
from tinygrade.reporters.lines import shortened
from tinygrade.text import cells, clean_line

CURVE_MOST = 24


@dataclass(frozen=True)
class Now:
    """Where a run stands."""

    total: int = 0
    done: int = 0
    check: str = ""
    group: str = ""
    progress: Mapping[str, Any] = field(default_factory=dict)

    def running(self, check: str, group: str) -> Now:
        return replace(self, check=check, group=group, progress={})

    def progressed(self, data: Mapping[str, Any]) -> Now:
        return replace(self, progress=data)

    def finished(self) -> Now:
        return replace(self, done=self.done + 1, check="", progress={})


def status_line(now: Now, width: int) -> str:
    """At most `width` columns, and empty when nothing runs."""
    if not now.check:
        return ""
    if now.progress:
        return shortened(_progress_line(now, width), width)
    name = clean_line(now.check).rsplit("::", 1)[-1]
    return shortened(f"check {now.done + 1} of {now.total}: {clean_line(now.group)}, {name}", width)


def _progress_line(now: Now, width: int) -> str:
    data = now.progress
    floor = finite(data.get("floor"))
    parts = [clean_line(str(data.get("label") or now.group or now.check)), *_figures(data, floor)]
    text = "  ".join(parts)
    curve = sparkline(data.get("curve"), min(CURVE_MOST, width - cells(text) - 2), floor)
    return f"{text}  {curve}" if curve else text


def _figures(data: Mapping[str, Any], floor: float | None) -> list[str]:
    figures = []
    if (step := finite(data.get("step"))) is not None:
        figures.append(f"step {step:,.0f}")
    if "loss" in data:
        loss = finite(data["loss"])
        shown = "not finite" if loss is None else f"{loss:.4f}"
        figures.append(f"loss {shown}" + (f" (floor {floor:.3f})" if floor is not None else ""))
    if (left := finite(data.get("seconds_left"))) is not None:
        figures.append(f"{_clock(left)} left")
    elif (fraction := finite(data.get("fraction"))) is not None:
        figures.append(f"{100 * fraction:.0f}% of the budget")
    return figures


def _clock(seconds: float) -> str:
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"
