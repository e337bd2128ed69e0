"""The recorded baseline: written, read back, compared, and a damaged one told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinygrade.errors import CourseError
from tinygrade.reporters import baseline

TRAINING = {"steps": 170, "steps_per_second": 812.5, "final_loss": 0.0461, "curve": [[1, 3.0]]}


def test_what_is_recorded_is_read_back(make_check, make_report, tmp_path: Path) -> None:
    found = baseline.figures(make_report(make_check("a"), sections={"training": TRAINING}))
    file = tmp_path / baseline.FILE
    file.write_text(baseline.to_text(found), encoding="utf-8")
    assert baseline.read(file) == found
    assert found["training.steps"] == 170
    assert found["score"] == 5


def test_what_is_not_known_is_not_recorded(make_check, make_report) -> None:
    report = make_report(
        make_check("a"), score=None, sections={"training": {"steps": None, "final_loss": float("nan")}}
    )
    assert set(baseline.figures(report)) == {"max_score", "seconds"}


def test_nothing_recorded_is_none(tmp_path: Path) -> None:
    assert baseline.read(tmp_path / "baseline.json") is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"score": "full"}', '{"score": NaN}', '{"training": [1]}', "[" * 100_000]
)
def test_a_damaged_baseline_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "baseline.json"
    file.write_text(text)
    with pytest.raises(CourseError, match=r"baseline\.json.*--record"):
        baseline.read(file)


def test_compare_is_an_aligned_table() -> None:
    then = {"score": 100.0, "seconds": 2.0, "training.steps": 1500.0}
    now = {"score": 100.0, "seconds": 2.5, "training.final_loss": 0.046}
    assert baseline.compare(then, now) == [
        "                      then    now  change",
        "score                  100    100    same",
        "seconds                  2    2.5  +25.0%",
        "training.steps       1,500      -",
        "training.final_loss      -  0.046",
    ]
