"""CSV: one row per check, for a spreadsheet or a data frame. Every row names its run, so that files can be joined."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from tinygrade.model import CheckResult, Report
from tinygrade.reporters import details
from tinygrade.reporters.words import number
from tinygrade.sinks import csv as cell
from tinygrade.text import clean_line

#: The run, then the check. An empty score means that there is none, which is not a zero.
COLUMNS = (
    *("assignment", "source", "sha256", "started", "seed", "isolation", "score", "max_score"),
    *("group", "check", "title", "task", "status", "points", "max_points", "seconds", "visibility"),
    *("where", "diagnosis", "message"),
)


class CsvReporter:
    suffix = ".csv"

    def render(self, report: Report) -> str:
        return self.render_all([report])

    def render_all(self, reports: Sequence[Report]) -> str:
        """One table of many reports."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(COLUMNS)
        for report in reports:
            run = _run(report)
            table.writerows([cell(value) for value in (*run, *_check(check))] for check in report.checks)
        return text.getvalue()


def _run(report: Report) -> list[str]:
    return [
        report.assignment,
        str(report.submission.get("source", "")),
        str(report.submission.get("sha256", "")),
        report.started,
        str(report.seed),
        report.isolation.level,
        _number(report.score),
        _number(report.max_score),
    ]


def _check(check: CheckResult) -> list[str]:
    return [
        check.group,
        clean_line(check.id).rsplit("::", 1)[-1],
        check.title,
        check.task,
        check.status,
        _number(check.points),
        _number(check.max_points),
        "" if check.seconds is None or check.visibility == "hidden" else f"{check.seconds:.3f}",
        check.visibility,
        check.where,
        check.diagnosis.code if check.diagnosis else "",
        "" if check.ok else details.headline(check),
    ]


def _number(value: float | None) -> str:
    # without the thousands separator that is for people
    return "" if value is None else number(value).replace(",", "")
