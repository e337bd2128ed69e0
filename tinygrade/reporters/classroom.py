"""GitHub Classroom's autograding output: the step output `result` that its reporter action reads.

The form is that of the graders of classroom-resources (autograding-io-grader, src/main.js), read by
autograding-grading-reporter: base64 of a JSON object whose `tests` have scores that the reporter adds up.
"""

from __future__ import annotations

import base64
import json
import math
from typing import Any

from tinygrade.model import CheckResult, Report
from tinygrade.reporters import details
from tinygrade.reporters.advice import Commands
from tinygrade.reporters.github import path
from tinygrade.sinks import github_log
from tinygrade.text import clean_line


class ClassroomReporter:
    """Goes to `$GITHUB_OUTPUT` unless a file is named: `result=...` on one line.

    A run without a score has the status `error` and no `max_score`: the reporter then sends no points at all, which
    is no zero.
    """

    suffix = ".txt"
    #: Variable that names the file to append to.
    environment_file = "GITHUB_OUTPUT"

    def render(self, report: Report) -> str:
        text = json.dumps(_result(report.student_view()), allow_nan=False)
        return f"result={base64.b64encode(text.encode()).decode()}\n"


def _result(report: Report) -> dict[str, Any]:
    if report.score is None:
        tests = [_test(check, report) for check in report.checks]
        return {"version": 1, "status": "error", "message": details.why_no_score(report), "tests": tests}
    tests = [{**_test(check, report), "score": round(check.points, 2)} for check in report.checks]
    tests += _rest(report, tests)
    passed = all(test["status"] == "pass" for test in tests)
    return {"version": 1, "status": "pass" if passed else "fail", "max_score": report.max_score, "tests": tests}


def _test(check: CheckResult, report: Report) -> dict[str, Any]:
    file, line = path(check, report) or ("", 0)
    error = check.status == "grader_error"
    return {
        "name": _line(check.title),
        "status": "pass" if check.ok else "error" if error else "fail",
        # the reporter prints it into the log
        "message": None if check.ok else github_log(details.text(check, report), 4 * 2048),
        "test_code": _line(Commands.of(report).again(check)),
        "filename": _line(file),
        "line_no": line,
        "duration": round(1000 * (check.seconds or 0.0)),
    }


def _rest(report: Report, tests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What policies added or took, as a test of its own: the reporter knows no other way to another sum."""
    assert report.score is not None
    rest = round(report.score - math.fsum(test["score"] for test in tests), 2)
    if not rest:
        return []
    reasons = "; ".join(_line(adjustment.reason) for adjustment in report.adjustments)
    told = {"name": f"adjusted: {reasons}" if reasons else "rounding", "status": "pass", "message": None}
    return [{**told, "test_code": "", "filename": "", "line_no": 0, "duration": 0, "score": rest}]


def _line(text: str) -> str:
    return github_log(clean_line(text))
