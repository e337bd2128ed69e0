"""A curve in one line of block characters, for a loss that falls by two orders of magnitude."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(curve: Any, width: int, floor: float | None = None) -> str:
    """The losses of `curve` (a list of [step, loss]) on a log scale above `floor`, in `width` characters."""
    losses = _losses(curve)
    if not losses or width < 1:
        return ""
    # The floor cannot be beaten, so the distance to it is what training makes smaller.
    known = finite(floor)
    base = known if known is not None and known < min(losses) else 0.0
    heights = [math.log(min(max(loss - base, 1e-6), 1e300)) for loss in _thinned(losses, width)]
    low, high = min(heights), max(heights)
    scale = (len(BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(BLOCKS[round((height - low) * scale)] for height in heights)


def finite(value: Any) -> float | None:
    """A number that can be shown. What stands in an event crossed a process boundary: it may be anything."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _losses(curve: Any) -> list[float]:
    if not isinstance(curve, list | tuple):
        return []
    points = [point for point in curve if isinstance(point, list | tuple) and len(point) == 2]
    return [loss for loss in (finite(value) for _, value in points) if loss is not None]


def _thinned(values: Sequence[float], width: int) -> list[float]:
    if len(values) <= width:
        return list(values)
    return [values[i * len(values) // width] for i in range(width - 1)] + [values[-1]]
