"""Made checks and reports for the reporters."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tinygrade.model import CheckResult, Isolation, Report

MakeCheck = Callable[..., CheckResult]
MakeReport = Callable[..., Report]


def _check(id: str, status: str = "passed", points: float | None = None, most: float = 5.0, **more: Any) -> CheckResult:
    got = (most if status == "passed" else 0.0) if points is None else points
    values = {"title": id, "group": "group", **more}
    return CheckResult(id=f"test_a.py::test_{id}", status=status, points=got, max_points=most, **values)  # type: ignore[arg-type]


@pytest.fixture
def make_check() -> MakeCheck:
    """`make_check("mask", "failed", group=...)`: without points when it did not pass."""
    return _check


@pytest.fixture
def make_report() -> MakeReport:
    """`make_report(check, ...)`: scored by adding up."""

    def make(*checks: CheckResult, **changes: Any) -> Report:
        values: dict[str, Any] = {
            "assignment": "assignment3",
            "title": "The ultra-tiny transformer",
            "submission": {"source": ".", "sha256": "0"},
            "score": sum(c.points for c in checks),
            "max_score": sum(c.max_points for c in checks),
            "selected": False,
            "isolation": Isolation("strong"),
            "seed": 41,
            "environment": {"python": "3.11.7", "numpy": "2.4.6"},
            "started": "2026-01-01T00:00:00+00:00",
            "seconds": 2.9,
            "checks": checks,
        }
        return Report(**(values | changes))

    return make


STORED = Path(__file__).parent / "stored"


def stored_report(name: str) -> Report:
    """One of the reports in `stored/`, in the instructor's view: real gradings, of which only paths were changed.

    `full`: the solution of assignment 3. `mistakes`: assignment 2 with a stub, a crash, an endless loop and too much
    memory, and two checks hidden. `selected`: assignment 3 with a mask that is off by one, `--quick`. `fault`: the same
    in full, with a check that is broken itself.
    """
    return Report.from_json(json.loads((STORED / f"{name}.json").read_text(encoding="utf-8")))


@pytest.fixture
def stored() -> Callable[[str], Report]:
    return stored_report
