"""From results to the score: pure functions that fail closed.

A result that makes no sense is our fault and never somebody's zero, so it is an error here and not a number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from tinygrade.errors import GraderError
from tinygrade.model import STATUSES, CheckResult

#: Only these may carry points.
_SCORING = ("passed", "partial")
#: Room for the rounding of shared points, far below the two decimals that are shown.
_SLACK = 1e-6


def score(results: Sequence[CheckResult], max_points: float, selected: bool) -> float | None:
    """The sum of points, rounded to two decimals.

    None, which is not zero, when only a part of the checks was asked for or when one of them met a fault of ours.

    Raises:
        GraderError: a result contradicts itself, or the checks are not the whole assignment.
    """
    for result in results:
        _verify(result)
    if selected or any(result.status == "grader_error" for result in results):
        return None
    total = math.fsum(result.max_points for result in results)
    if abs(total - max_points) > _SLACK:
        raise GraderError(f"the checks that ran are worth {total:g} points, the assignment {max_points:g}")
    return round(math.fsum(result.points for result in results), 2)


def _verify(result: CheckResult) -> None:
    if result.status not in STATUSES:
        raise GraderError(f"{result.id}: unknown status {result.status!r}")
    if not (math.isfinite(result.max_points) and result.max_points >= 0):
        raise GraderError(f"{result.id}: worth {result.max_points} points")
    limit = result.max_points if result.status in _SCORING else 0.0
    # written so that NaN fails, too
    if not -_SLACK <= result.points <= limit + _SLACK:
        raise GraderError(f"{result.id}: {result.points} points of {limit:g} as {result.status!r}")
