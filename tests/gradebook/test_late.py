"""The late policy that comes with tinygrade."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tinygrade.gradebook.late import adjustment

DUE = "2026-10-01T12:00:00+00:00"
RULE = {"percent_per_day": 10, "most_percent": 50, "grace_minutes": 15}


@pytest.mark.parametrize(
    ("submitted", "points"),
    [
        ("2026-10-01T12:00:00+00:00", 0),
        ("2026-10-01T14:00:00+02:00", 0),
        ("2026-10-01T12:15:00+00:00", 0),
        ("2026-10-01T12:15:01+00:00", -8),
        ("2026-10-02T12:00:00+00:00", -8),
        ("2026-10-02T12:00:01+00:00", -16),
        ("2026-12-24T12:00:00+00:00", -40),
    ],
)
def test_a_share_for_each_day_that_has_begun(submitted, points):
    found = adjustment(SimpleNamespace(score=80.0), {"submitted": submitted, "due": DUE, "late": RULE})
    assert (found.points if found else 0) == points


@pytest.mark.parametrize("missing", ["submitted", "due", "late"])
def test_nothing_is_taken_for_what_is_not_known(missing):
    context = {"submitted": "2026-12-24T12:00:00+00:00", "due": DUE, "late": RULE}
    assert adjustment(SimpleNamespace(score=80.0), context | {missing: None}) is None
    assert adjustment(SimpleNamespace(score=80.0), {}) is None


def test_no_score_stays_no_score():
    assert adjustment(SimpleNamespace(score=None), {"submitted": DUE, "due": DUE, "late": RULE}) is None
