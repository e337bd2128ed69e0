"""CSV as the csv module reads it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from tinygrade.model import CheckResult, Report
from tinygrade.reporters.csvfile import COLUMNS, CsvReporter


def read(text: str) -> list[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(text), strict=True)
    found = list(reader)
    assert reader.fieldnames == list(COLUMNS)
    assert all(None not in row and None not in row.values() for row in found), "a row has another length"
    return found


def test_a_row_is_a_check_and_names_its_run(stored: Callable[[str], Report]) -> None:
    report = stored("mistakes").student_view()
    rows = read(CsvReporter().render(report))
    assert len(rows) == len(report.checks)
    assert {(row["assignment"], row["seed"], row["score"], row["max_score"]) for row in rows} == {
        ("assignment2", "41", "84", "100")
    }
    assert sum(float(row["points"]) for row in rows) == report.score
    crash = next(row for row in rows if row["check"] == "test_cross_entropy_vjp")
    assert (crash["status"], crash["where"]) == ("crashed", "functional.py:27 cross_entropy_vjp")
    hidden = next(row for row in rows if row["check"] == "test_softmax_vjp")
    assert (hidden["message"], hidden["seconds"], hidden["where"]) == ("hidden check: nothing more is shown", "", "")


def test_null_is_an_empty_cell(stored: Callable[[str], Report]) -> None:
    assert {row["score"] for row in read(CsvReporter().render(stored("fault")))} == {""}


def test_many_reports_have_one_header(stored: Callable[[str], Report]) -> None:
    reports = [stored("full"), stored("mistakes")]
    rows = read(CsvReporter().render_all(reports))
    assert [row["assignment"] for row in rows] == [r.assignment for r in reports for _ in r.checks]


def test_no_cell_is_a_formula_and_numbers_stay_numbers(
    make_check: Callable[..., CheckResult], make_report: Callable[..., Report]
) -> None:
    message = '=HYPERLINK("http://evil.invalid"),"x"\nsecond line'
    check = make_check("a", "failed", message=message, points=-1.5, most=2000.0)
    (row,) = read(CsvReporter().render(make_report(check, score=-1.5)))
    assert row["message"] == '\'=HYPERLINK("http://evil.invalid"),"x"'
    assert (row["points"], row["max_points"]) == ("-1.5", "2000")
