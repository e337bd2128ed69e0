"""The recorded run of the solution: what an assignment is known to give, and how a new run differs from it.

`baseline.json` lies in the assignment's folder and is written by `tinygrade reference --record` only.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tinygrade.errors import CourseError
from tinygrade.model import Report
from tinygrade.reporters.lines import table
from tinygrade.text import clean_line

FILE = "baseline.json"
TRAINING = ("steps", "steps_per_second", "final_loss")

#: Dotted key to number, for example `training.steps`.
Figures = Mapping[str, float]


def figures(report: Report) -> dict[str, float]:
    """What is recorded of a run."""
    found: dict[str, Any] = {"score": report.score, "max_score": report.max_score, "seconds": report.seconds}
    training = report.sections.get("training")
    if isinstance(training, Mapping):
        found |= {f"training.{key}": training.get(key) for key in TRAINING}
    return {key: float(value) for key, value in found.items() if _is_number(value)}


def to_text(found: Figures) -> str:
    """The file's text."""
    tree: dict[str, Any] = {}
    for key, value in found.items():
        *tables, name = key.split(".")
        place = tree
        for table_name in tables:
            place = place.setdefault(table_name, {})
        place[name] = int(value) if value == int(value) else round(value, 6)
    return json.dumps(tree, indent=2) + "\n"


def read(file: Path) -> Figures | None:
    """The recorded figures, or None when nothing was recorded.

    Raises:
        CourseError: the file cannot be read or is none of ours.
    """
    try:
        tree = json.loads(file.read_text(encoding="utf-8"))
        return _flat(tree)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CourseError(f"{file}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise CourseError(f"{file}: is no recorded baseline ({error}); record it anew with --record") from error


def _flat(tree: Any, prefix: str = "") -> dict[str, float]:
    if not isinstance(tree, dict):
        raise ValueError("not a table")
    found: dict[str, float] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{key}.")
        elif _is_number(value):
            found[prefix + key] = float(value)
        else:
            raise ValueError(f"{prefix + key} is not a number")
    return found


def compare(then: Figures, now: Figures) -> list[str]:
    """A table of both, aligned."""
    keys = list(dict.fromkeys([*then, *now]))
    rows = [
        (clean_line(key), _shown(then.get(key)), _shown(now.get(key)), _change(then.get(key), now.get(key)))
        for key in keys
    ]
    return table([("", "then", "now", "change"), *rows], right=(1, 2, 3))


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def _change(then: float | None, now: float | None) -> str:
    if then is None or now is None or then == 0:
        return ""
    return "same" if then == now else f"{100 * (now - then) / abs(then):+.1f}%"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
