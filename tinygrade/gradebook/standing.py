"""Where everybody stands: what was graded last, and what is published."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, func, select

from tinygrade.gradebook import stored
from tinygrade.gradebook.book import Entry
from tinygrade.gradebook.database import Database
from tinygrade.gradebook.schema import due_dates, grades, results, runs, students, submissions
from tinygrade.model import Report

if TYPE_CHECKING:
    import pluggy


#: Reports that are fetched together; some kilobytes each.
CHUNK = 200


@dataclass(frozen=True)
class Graded:
    """One result as a change compares it."""

    result_id: int
    sha256: str
    fingerprint: str
    tinygrade: str
    seed: int


@dataclass(frozen=True)
class Standing:
    """One student in one assignment."""

    student_id: int
    key: str
    name: str
    email: str
    #: Columns of the roster.
    extra: Mapping[str, str]
    submitted: str | None
    due: str | None
    #: The last complete result of what was handed in last; None when there is none yet.
    latest: Graded | None
    #: What the last grade that was published rests on; None before the first.
    current: Graded | None
    current_score: float | None
    #: Why there is no grade although something was handed in; "" otherwise.
    problem: str


def standings(database: Database, entry: Entry) -> list[Standing]:
    """Everybody in the course, by identity."""
    with database.reading() as connection:
        due, extensions = _due(connection, entry)
        latest, problems = _latest(connection, entry)
        current = _current(connection, entry)
        query = select(students).where(students.c.course_id == entry.course_id).order_by(students.c.key)
        found = []
        for row in connection.execute(query):
            last, grade = latest.get(row.id), current.get(row.id)
            found.append(
                Standing(
                    row.id,
                    row.key,
                    row.name,
                    row.email,
                    json.loads(row.extra),
                    last.submitted if last else None,
                    extensions.get(row.id, due),
                    _graded(last) if last is not None and last.result_id is not None else None,
                    _graded(grade) if grade is not None else None,
                    grade.score if grade is not None else None,
                    problems.get(row.id, ""),
                )
            )
        return found


def _graded(row: Row[Any]) -> Graded:
    return Graded(row.result_id, row.sha256, row.fingerprint, row.tinygrade, row.seed)


def _due(connection: Connection, entry: Entry) -> tuple[str | None, dict[int, str]]:
    rows = connection.execute(
        select(due_dates.c.student_id, due_dates.c.due).where(due_dates.c.assignment_id == entry.id)
    )
    found: dict[int | None, str] = {student: due for student, due in rows}
    return found.pop(None, None), {student: due for student, due in found.items() if student is not None}


def _latest(connection: Connection, entry: Entry) -> tuple[dict[int, Row[Any]], dict[int, str]]:
    """By student: what was handed in last with its last complete result, and what keeps it from having one."""
    last_named = (
        select(submissions.c.student_id, func.max(submissions.c.run_id).label("run_id"))
        .where(submissions.c.assignment_id == entry.id)
        .group_by(submissions.c.student_id)
        .subquery()
    )
    handed_in = (
        select(submissions)
        .join(
            last_named,
            (submissions.c.student_id == last_named.c.student_id) & (submissions.c.run_id == last_named.c.run_id),
        )
        .where(submissions.c.assignment_id == entry.id)
        .subquery()
    )
    newest = (
        select(results.c.submission_id, func.max(results.c.id).label("result_id"))
        .where(results.c.complete)
        .group_by(results.c.submission_id)
        .subquery()
    )
    query = (
        select(handed_in, newest.c.result_id, runs.c.fingerprint, runs.c.tinygrade, runs.c.seed)
        .outerjoin(newest, newest.c.submission_id == handed_in.c.id)
        .outerjoin(results, results.c.id == newest.c.result_id)
        .outerjoin(runs, runs.c.id == results.c.run_id)
    )
    latest = {row.student_id: row for row in connection.execute(query)}
    told = (
        select(results.c.submission_id, results.c.problem)
        .join(handed_in, handed_in.c.id == results.c.submission_id)
        .order_by(results.c.id)
    )
    problems = {submission: problem for submission, problem in connection.execute(told)}
    missing = {row.student_id: problems.get(row.id, "") for row in latest.values() if row.result_id is None}
    return latest, missing


def _current(connection: Connection, entry: Entry) -> dict[int, Row[Any]]:
    newest = (
        select(func.max(grades.c.id).label("id"))
        .where(grades.c.assignment_id == entry.id)
        .group_by(grades.c.student_id)
        .subquery()
    )
    query = (
        select(grades, submissions.c.sha256, runs.c.fingerprint, runs.c.tinygrade, runs.c.seed)
        .join(newest, newest.c.id == grades.c.id)
        .join(results, results.c.id == grades.c.result_id)
        .join(submissions, submissions.c.id == results.c.submission_id)
        .join(runs, runs.c.id == results.c.run_id)
    )
    return {row.student_id: row for row in connection.execute(query)}


def load_report(database: Database, result_id: int) -> Report:
    """The stored report (instructor's view), as it was before any due date was known."""
    return stored.unpacked(_packed(database, [result_id]).get(result_id, b""))


def reports(
    database: Database,
    entry: Entry,
    manager: pluggy.PluginManager,
    late: Mapping[str, Any],
    student: str | None = None,
) -> Iterator[tuple[Standing, Report]]:
    """Everybody's latest report with what policies say now, one at a time; or that of one student.

    `late` is the assignment's table.
    """
    wanted = (found for found in standings(database, entry) if student in (None, found.key))
    graded = [standing for standing in wanted if standing.latest is not None]
    for start in range(0, len(graded), CHUNK):
        chunk = graded[start : start + CHUNK]
        packed = _packed(database, [standing.latest.result_id for standing in chunk if standing.latest])
        for standing in chunk:
            assert standing.latest is not None
            context = {"student": standing.key, "submitted": standing.submitted, "due": standing.due, "late": late}
            report = stored.unpacked(packed[standing.latest.result_id])
            yield standing, stored.adjusted(manager, report, context)


def _packed(database: Database, ids: Sequence[int]) -> dict[int, bytes]:
    with database.reading() as connection:
        rows = connection.execute(select(results.c.id, results.c.report).where(results.c.id.in_(ids)))
        return {id: report or b"" for id, report in rows}
