"""A report as the gradebook keeps it, and what a policy makes of it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tinygrade import adjusting, scoring
from tinygrade.errors import GradebookError, PluginError
from tinygrade.model import Report

if TYPE_CHECKING:
    import pluggy


def packed(report: Report) -> bytes:
    return zlib.compress(json.dumps(report.to_json(), separators=(",", ":")).encode())


def unpacked(data: bytes) -> Report:
    """The report that `packed` took.

    Raises:
        GradebookError: it is damaged.
    """
    try:
        return Report.from_json(json.loads(zlib.decompress(data)))
    except (ValueError, zlib.error) as error:
        raise GradebookError(f"a stored report cannot be read: {error}") from error


def raw_score(report: Report) -> float | None:
    """The score before adjustments."""
    return scoring.score(report.checks, report.max_score, report.selected)


def adjusted(manager: pluggy.PluginManager, report: Report, context: Mapping[str, Any]) -> Report:
    """The report as policies see it in this context; what they said before is forgotten.

    So a moved due date is no reason to grade again, and a bonus is not given twice.

    Raises:
        PluginError: a policy failed.
    """
    base = raw_score(report)
    if base is None:
        return replace(report, adjustments=(), score=None)
    bare = replace(report, adjustments=(), score=base)
    failed: list[str] = []
    result = adjusting.adjusted(manager, bare, context, failed.append)
    if failed:
        raise PluginError(f"{failed[0]}; nothing is published")
    return result
