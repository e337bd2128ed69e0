"""What platforms get: their own columns, empty cells for no grade, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io

import pytest

from tinygrade.errors import UsageError
from tinygrade.gradebook import roster
from tinygrade.gradebook.exports import FORMATS, Row, chosen
from tinygrade.gradebook.standing import Graded, Standing


def row(key="s1", score: float | None = 7.5, name="Zoë", **extra) -> Row:
    graded = Graded(1, "", "", "", 1) if score is not None else None
    values = (1, key, name, "z@x", extra, "2026-10-01T10:00:00+00:00", None, graded, graded, score, "")
    return Row(Standing(*values), ("1 day late",))


def table(kind: str, *rows: Row) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(chosen(kind)(rows, "A1 (77)", 10.0))))


def test_canvas_gets_its_own_numbers_back():
    rows = table("canvas", row("12", **{"SIS User ID": "u12", "SIS Login ID": "zx", "Section": "A"}))
    assert rows[0] == {
        **{"Student": "Points Possible", "ID": "", "SIS User ID": "", "SIS Login ID": "", "Section": ""},
        "A1 (77)": "10",
    }
    assert rows[1] == {
        **{"Student": "Zoë", "ID": "12", "SIS User ID": "u12", "SIS Login ID": "zx", "Section": "A"},
        "A1 (77)": "7.5",
    }


def test_moodle_gets_its_participants_back():
    (found,) = table("moodle", row("12"))
    assert (found["Identifier"], found["Grade"], found["Maximum Grade"]) == ("Participant 12", "7.5", "10")


def test_gradescope():
    (found,) = table("gradescope", row())
    assert (found["SID"], found["Email"], found["A1 (77)"], found["A1 (77) - Max Points"]) == ("s1", "z@x", "7.5", "10")


def test_ours_is_a_roster_again(tmp_path):
    file = tmp_path / "grades.csv"
    file.write_text(chosen("csv")([row(), row("s2", None)], "A1", 10.0))
    first, second = roster.read(file)
    assert (first.key, first.name, first.submitted) == ("s1", "Zoë", "2026-10-01T10:00:00+00:00")
    assert second.key == "s2"


@pytest.mark.parametrize("kind", FORMATS)
def test_no_grade_is_an_empty_cell_and_no_zero(kind):
    found = table(kind, row("s1", None), row("s2", 0.0))
    scores = [line.get("score", line.get("Grade", line.get("A1 (77)"))) for line in found[-2:]]
    assert scores == ["", "0"]


@pytest.mark.parametrize("kind", FORMATS)
def test_names_are_no_formulas(kind, hostile_texts):
    for text in ["=1+1", "+cmd|' /C calc'!A0", "@SUM(1)", "-2+3", *hostile_texts]:
        for line in table(kind, row(name=text)):
            for cell in line.values():
                assert cell.isprintable() or not cell
                assert not cell.startswith(("=", "+", "@", "-"))


def test_unknown_formats():
    with pytest.raises(UsageError, match="did you mean 'moodle'"):
        chosen("modle")
