"""Registers the late policy, through the same hook as any plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tinygrade.hookspecs import hookimpl

if TYPE_CHECKING:
    from tinygrade.model import Adjustment, Report


@hookimpl
def tinygrade_adjust_score(report: Report, context: Mapping[str, Any]) -> Adjustment | None:
    from tinygrade.gradebook.late import adjustment

    return adjustment(report, context)
