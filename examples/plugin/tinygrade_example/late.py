"""A late policy: half of the points for what came more than an hour after the due date."""

from datetime import datetime, timedelta

from tinygrade import Adjustment

GRACE = timedelta(hours=1)


def adjustment(report, context):
    """None when it came in time, and when nobody said when it came or was due: a student's own run."""
    submitted, due = context.get("submitted"), context.get("due")
    if not submitted or not due or report.score is None:
        return None
    late = datetime.fromisoformat(submitted) - datetime.fromisoformat(due)
    if late <= GRACE:
        return None
    return Adjustment(-report.score / 2, f"half of the points: handed in {late} after the due date")
