"""The late policy, at its limits."""

import pytest
import tinygrade_example

DUE = "2026-11-20T12:00:00+01:00"


@pytest.mark.parametrize(
    ("submitted", "score"),
    [
        ("2026-11-20T11:59:00+00:00", 1.0),  # 59 minutes late: the zone counts
        ("2026-11-20T12:00:00+00:00", 1.0),
        ("2026-11-20T12:00:01+00:00", 0.5),
        (None, 1.0),
    ],
)
def test_half_of_the_points(adjust, make_report, submitted, score):
    assert adjust(make_report(), tinygrade_example, submitted=submitted, due=DUE).score == score


def test_the_student_reads_why(adjust, make_report):
    report = adjust(make_report(), tinygrade_example, submitted="2026-11-21T12:00:00+01:00", due=DUE)
    (adjustment,) = report.adjustments
    assert adjustment.reason == "half of the points: handed in 1 day, 0:00:00 after the due date"


def test_one_s_own_run_has_no_due_date(adjust, make_report):
    assert adjust(make_report(), tinygrade_example) == make_report()
