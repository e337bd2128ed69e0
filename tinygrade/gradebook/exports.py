"""Published grades as CSV for a learning platform. A student without a grade has an empty cell, never a zero.

* canvas: what its gradebook imports: Student, ID, SIS User ID, SIS Login ID, Section, then the assignment; the second
  line holds the possible points.
* moodle: the worksheet of offline grading: Identifier ("Participant 12") and Grade are what it reads.
* gradescope: the columns of its "Download Grades".
* csv: everything that is known, under our own names; `tinygrade gradebook roster` reads it, too.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from tinygrade import sinks
from tinygrade.errors import UsageError, did_you_mean
from tinygrade.gradebook.book import Entry
from tinygrade.gradebook.database import Database
from tinygrade.gradebook.schema import adjustments, grades
from tinygrade.gradebook.standing import Standing, standings

Write = Callable[[Sequence["Row"], str, float], str]


@dataclass(frozen=True)
class Row:
    """One student with what is published."""

    standing: Standing
    reasons: tuple[str, ...]

    @property
    def score(self) -> str:
        return "" if self.standing.current_score is None else f"{self.standing.current_score:g}"

    def cell(self, name: str) -> str:
        """A column of the roster by its name there; "" when there is none."""
        wanted = name.casefold()
        return next((cell for key, cell in self.standing.extra.items() if key.casefold() == wanted), "")


def chosen(kind: str) -> Write:
    """What writes this format.

    Raises:
        UsageError: there is no such format.
    """
    if kind not in FORMATS:
        hint = did_you_mean(kind, FORMATS) or ";"
        raise UsageError(f"there is no export {kind!r}{hint} There are: {', '.join(FORMATS)}")
    return FORMATS[kind]


def rows(database: Database, entry: Entry) -> list[Row]:
    """Everybody in the course, by identity."""
    newest = select(func.max(grades.c.id)).where(grades.c.assignment_id == entry.id).group_by(grades.c.student_id)
    query = (
        select(grades.c.student_id, adjustments.c.reason)
        .join(adjustments, adjustments.c.grade_id == grades.c.id)
        .where(grades.c.id.in_(newest))
        .order_by(adjustments.c.id)
    )
    reasons: dict[int, tuple[str, ...]] = {}
    with database.reading() as connection:
        for student, reason in connection.execute(query):
            reasons[student] = (*reasons.get(student, ()), reason)
    return [Row(standing, reasons.get(standing.student_id, ())) for standing in standings(database, entry)]


def _canvas(found: Sequence[Row], column: str, points: float) -> str:
    head = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", column)
    possible = ("    Points Possible", "", "", "", "", f"{points:g}")
    body = [
        (r.standing.name, r.standing.key, *map(r.cell, ("SIS User ID", "SIS Login ID", "Section")), r.score)
        for r in found
    ]
    return _text([head, possible, *body])


def _moodle(found: Sequence[Row], column: str, points: float) -> str:
    head = ("Identifier", "Full name", "Email address", "Grade", "Maximum Grade")
    return _text(
        [
            head,
            *(
                (f"Participant {r.standing.key}", r.standing.name, r.standing.email, r.score, f"{points:g}")
                for r in found
            ),
        ]
    )


def _gradescope(found: Sequence[Row], column: str, points: float) -> str:
    head = ("Name", "SID", "Email", column, f"{column} - Max Points", f"{column} - Submission Time")
    body = [
        (r.standing.name, r.standing.key, r.standing.email, r.score, f"{points:g}", r.standing.submitted or "")
        for r in found
    ]
    return _text([head, *body])


def _plain(found: Sequence[Row], column: str, points: float) -> str:
    head = ("student", "name", "email", "score", "max_score", "submitted", "due", "adjustments", "problem")
    body = [
        (
            *(r.standing.key, r.standing.name, r.standing.email, r.score, f"{points:g}"),
            *(r.standing.submitted or "", r.standing.due or "", "; ".join(r.reasons), r.standing.problem),
        )
        for r in found
    ]
    return _text([head, *body])


def _text(lines: Iterable[Iterable[str]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([sinks.csv(cell) for cell in line] for line in lines)
    return stream.getvalue()


FORMATS: dict[str, Write] = {"csv": _plain, "canvas": _canvas, "moodle": _moodle, "gradescope": _gradescope}
