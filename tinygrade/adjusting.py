"""What score policies make of a report: a late policy, a bonus.

A policy that fails leaves the report without a score. The points before it would be wrong in a way that nobody sees,
and a score that is missing is found and mended.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pluggy

from tinygrade.calling import Warn, call
from tinygrade.model import Adjustment, Report


def adjusted(manager: pluggy.PluginManager, report: Report, context: Mapping[str, Any], warn: Warn) -> Report:
    """The report with what policies say in this context; one without a score has nothing to adjust.

    `context` is that of `tinygrade_adjust_score`. `warn` gets a line for each policy that failed.
    """
    if report.score is None:
        return report
    failed: list[str] = []
    arguments = {"report": report, "context": context}
    adjustments = tuple(call(manager, "tinygrade_adjust_score", failed.append, arguments, _checked))
    for text in failed:
        warn(text)
    if failed:
        missing = tuple(Adjustment(0.0, f"no score, because a policy failed ({text})") for text in failed)
        return replace(report, adjustments=(*adjustments, *missing), score=None)
    score = report.score + sum(adjustment.points for adjustment in adjustments)
    return replace(report, adjustments=adjustments, score=max(0.0, round(score, 2)))


def _checked(answer: Any) -> Adjustment:
    if not isinstance(answer, Adjustment):
        raise TypeError(f"gave a {type(answer).__name__} instead of an Adjustment or None")
    if not isinstance(answer.points, int | float) or not math.isfinite(answer.points):
        raise ValueError(f"gave {answer.points!r} points")
    if not isinstance(answer.reason, str) or not answer.reason.strip():
        raise ValueError("gave no reason, and students read it")
    return answer
