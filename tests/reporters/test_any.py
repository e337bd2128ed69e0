"""Every registered reporter takes every report that the schema allows, however little sense it makes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from tests.reporters.test_hostile import REGISTERED, rendered
from tests.test_model import reports
from tinygrade.model import Report


@pytest.mark.parametrize("name", REGISTERED.names())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(report=reports)
def test_any_report_is_rendered(name: str, report: Report) -> None:
    assert rendered(name, report) == rendered(name, report), "the same report gives another text"
    unknown = replace(report, seconds=None, checks=tuple(replace(c, seconds=None) for c in report.checks))  # type: ignore[arg-type]
    assert rendered(name, Report.from_json(unknown.to_json()).student_view()) is not None
