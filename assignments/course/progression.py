"""The loss at the steps that one likes to quote: how fast did it fall?"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

MILESTONES: tuple[int, ...] = (50, 100, 500, 1_000, 3_000, 10_000, 30_000, 100_000)


def loss_at(curve: Sequence[tuple[int, float]], step: int) -> float | None:
    """Loss recorded at this step or last before it; None where the run was shorter, or had recorded nothing."""
    steps = [recorded for recorded, _ in curve]
    if not steps or step > steps[-1]:
        return None
    index = bisect_right(steps, step) - 1
    return curve[index][1] if index >= 0 else None


def progression(
    curve: Sequence[tuple[int, float]], milestones: Sequence[int] = MILESTONES
) -> dict[int, float | None]:
    """Loss at each milestone, from a curve of (step, loss) in ascending order of step."""
    return {step: loss_at(curve, step) for step in milestones}
