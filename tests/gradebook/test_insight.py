"""What a class did not understand, from reports; and as lines and CSV."""

from __future__ import annotations

import csv
import io

import pytest

from tinygrade.coordinator import overview
from tinygrade.gradebook.insight import insight
from tinygrade.isolation import Isolation
from tinygrade.model import CheckResult, Diagnosis, Report


def check(name: str, points: float, code: str = "") -> CheckResult:
    status = "passed" if points == 5 else "failed" if not points else "partial"
    diagnosis = Diagnosis(code, {}) if code else None
    return CheckResult(f"t.py::{name}", name, "g", status, points, 5.0, diagnosis=diagnosis, seconds=0.5)


def report(*checks: CheckResult, score: float | None = None, sha256: str = "") -> Report:
    total = sum(c.points for c in checks) if score is None else score
    values = {"submission": {"source": "", "sha256": sha256}, "environment": {}, "started": "", "seconds": 1.0}
    values |= {"selected": False, "isolation": Isolation("strong"), "seed": 1}
    return Report("a", "A", score=total, max_score=15.0, checks=checks, **values)


@pytest.fixture
def class_():
    """Those who know more pass `sharp`; `odd` is passed by those who know less; `easy` by all."""
    rows = [
        ("s1", report(check("sharp", 5), check("odd", 0, "mask"), check("easy", 5), sha256="a")),
        ("s2", report(check("sharp", 5), check("odd", 1, "mask"), check("easy", 5), sha256="a")),
        ("s3", report(check("sharp", 0, "scale"), check("odd", 2.5), check("easy", 5), sha256="b")),
        ("s4", report(check("sharp", 1), check("odd", 2, "mask"), check("easy", 5), sha256="c")),
    ]
    return insight(rows)


def test_scores(class_):
    assert class_.scores == [10, 11, 7.5, 8]
    assert class_.histogram(3) == [0, 2, 2]


def test_items(class_):
    sharp, odd, easy = (class_.items[f"t.py::{name}"] for name in ("sharp", "odd", "easy"))
    assert (sharp.pass_rate, odd.pass_rate, easy.pass_rate) == (0.5, 0.0, 1.0)
    assert [item.title for item in class_.hardest()] == ["odd", "sharp", "easy"]
    assert odd.discrimination is not None
    assert odd.discrimination < -0.8
    assert easy.discrimination is None, "everybody got the same"


def test_discrimination_is_the_correlation_with_the_rest():
    rows = [(f"s{i}", report(check("a", p), check("b", q))) for i, (p, q) in enumerate([(5, 5), (0, 1), (2.5, 3)])]
    assert insight(rows).items["t.py::a"].discrimination == pytest.approx(1.0)


def test_mistakes_and_same_work(class_):
    assert [(mistake.code, mistake.students) for mistake in class_.commonest()] == [
        ("mask", ["s1", "s2", "s4"]),
        ("scale", ["s3"]),
    ]
    assert class_.same == [["s1", "s2"]]


def test_a_student_counts_once_for_a_mistake():
    (found,) = insight([("s1", report(check("a", 0, "mask"), check("b", 0, "mask")))]).commonest()
    assert found.students == ["s1"]


def test_lines(class_):
    text = "\n".join(overview.lines(class_, [("s9", "\x1b[31mit cannot be read")]))
    assert "4 graded: 7.5 to 11 of 15, median 9, mean 9.1" in text
    assert "nobody passes: odd" in text
    assert "mask   3  s1, s2, s4" in text
    assert "s9      it cannot be read" in text
    assert "s1, s2  handed in the same files" in text
    assert "\x1b" not in text


def test_nobody_is_graded():
    assert overview.lines(insight([]), []) == ["nobody is graded yet"]


def test_csv(class_):
    rows = list(csv.DictReader(io.StringIO(overview.to_csv(class_))))
    assert [row["id"] for row in rows] == ["t.py::sharp", "t.py::odd", "t.py::easy"]
    assert rows[2] == rows[2] | {"passed": "1.0000", "discrimination": "", "points": "5"}
