"""The late policy that comes with tinygrade: a share of the points for each day that has begun, up to a limit.

It is a plugin like any other: `tinygrade_adjust_score` with what the gradebook knows. Another policy is another plugin.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tinygrade.model import Adjustment, Report

SECONDS_A_DAY = 86_400


def adjustment(report: Report, context: Mapping[str, Any]) -> Adjustment | None:
    """Points taken for a submission that came after its due date.

    Args:
        context: `submitted` and `due`, times in ISO 8601 with a zone; `late`, the table [late] of assignment.toml:
            `percent_per_day` of the score, `most_percent`, `grace_minutes`. Nothing is taken when one of the first
            three is missing.
    """
    submitted, due, rule = context.get("submitted"), context.get("due"), context.get("late")
    if not submitted or not due or not rule or report.score is None:
        return None
    late = (datetime.fromisoformat(submitted) - datetime.fromisoformat(due)).total_seconds()
    if late <= 60 * rule.get("grace_minutes", 0):
        return None
    days = math.ceil(late / SECONDS_A_DAY)
    percent = min(days * rule["percent_per_day"], rule.get("most_percent", 100))
    days_text = "1 day" if days == 1 else f"{days} days"
    return Adjustment(-round(report.score * percent / 100, 2), f"{days_text} late: {percent:g} % of the points")
