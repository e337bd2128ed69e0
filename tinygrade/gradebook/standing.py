"""Where everybody stands: what was graded last, what is published, and what publishing would change, with the cause."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, func, insert, select

from tinygrade.gradebook import stored
from tinygrade.gradebook.book import Entry, now
from tinygrade.gradebook.database import Database
from tinygrade.gradebook.schema import adjustments, due_dates, grades, results, runs, students, submissions
from tinygrade.model import Adjustment, Report

if TYPE_CHECKING:
    import pluggy


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
    """By student: the submission that was named last with its last complete result, and what keeps it from having one."""
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
    with database.reading() as connection:
        data = connection.scalar(select(results.c.report).where(results.c.id == result_id))
    return stored.unpacked(data or b"")


# ---- what publishing would change ------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """One student whose grade would be another, or the first."""

    standing: Standing
    old: float | None
    new: float
    max_score: float
    adjustments: tuple[Adjustment, ...]
    #: In words: new submission, changed assignment, moved due date, ...
    causes: tuple[str, ...]
    #: `title: old -> new` for each check whose points are others.
    checks: tuple[str, ...]


def changes(
    database: Database, entry: Entry, manager: pluggy.PluginManager, late: Mapping[str, Any]
) -> Iterator[Change]:
    """What `publish` would do, by student. `late` is the assignment's table of that name."""
    published = _adjustments(database, entry)
    for standing in standings(database, entry):
        if standing.latest is None:
            continue
        report = load_report(database, standing.latest.result_id)
        context = {"student": standing.key, "submitted": standing.submitted, "due": standing.due, "late": late}
        report = stored.adjusted(manager, report, context)
        said = tuple((a.points, a.reason) for a in report.adjustments)
        assert report.score is not None
        same_result = standing.current is not None and standing.current.result_id == standing.latest.result_id
        if same_result and standing.current_score == report.score and said == published.get(standing.student_id, ()):
            continue
        yield Change(
            standing,
            standing.current_score,
            report.score,
            report.max_score,
            report.adjustments,
            _causes(standing, said != published.get(standing.student_id, ())),
            () if same_result else _checks(database, standing, report),
        )


def _adjustments(database: Database, entry: Entry) -> dict[int, tuple[tuple[float, str], ...]]:
    """What was published, by student."""
    query = (
        select(grades.c.student_id, adjustments.c.points, adjustments.c.reason)
        .join(adjustments, adjustments.c.grade_id == grades.c.id)
        .where(
            grades.c.id.in_(
                select(func.max(grades.c.id)).where(grades.c.assignment_id == entry.id).group_by(grades.c.student_id)
            )
        )
        .order_by(adjustments.c.id)
    )
    found: dict[int, tuple[tuple[float, str], ...]] = {}
    with database.reading() as connection:
        for student, points, reason in connection.execute(query):
            found[student] = (*found.get(student, ()), (points, reason))
    return found


def _causes(standing: Standing, adjusted: bool) -> tuple[str, ...]:
    old, new = standing.current, standing.latest
    assert new is not None
    if old is None:
        return ("first grade",)
    compared: list[tuple[bool, str]] = [
        (old.sha256 != new.sha256, "another submission"),
        (old.fingerprint != new.fingerprint, "the assignment was changed"),
        (old.tinygrade != new.tinygrade, f"tinygrade {old.tinygrade} -> {new.tinygrade}"),
        (old.seed != new.seed, f"seed {old.seed} -> {new.seed}"),
        (adjusted, "another adjustment"),
    ]
    return tuple(words for differs, words in compared if differs) or ("graded again",)


def _checks(database: Database, standing: Standing, report: Report) -> tuple[str, ...]:
    if standing.current is None:
        return ()
    before = {check.id: check for check in load_report(database, standing.current.result_id).checks}
    found = []
    for check in report.checks:
        old = before.pop(check.id, None)
        if old is None:
            found.append(f"{check.title}: new, {check.points:g}/{check.max_points:g}")
        elif (old.points, old.max_points) != (check.points, check.max_points):
            found.append(f"{check.title}: {old.points:g}/{old.max_points:g} -> {check.points:g}/{check.max_points:g}")
    return (*found, *(f"{check.title}: gone, was {check.points:g}/{check.max_points:g}" for check in before.values()))


def publish(database: Database, entry: Entry, found: list[Change], told: Callable[[], None] = lambda: None) -> None:
    """Make these changes current, all of them or none; what was published before stays as history."""
    at = now()
    with database.writing() as connection:
        for change in found:
            assert change.standing.latest is not None
            done = connection.execute(
                insert(grades).values(
                    assignment_id=entry.id,
                    student_id=change.standing.student_id,
                    result_id=change.standing.latest.result_id,
                    score=change.new,
                    max_score=change.max_score,
                    published=at,
                )
            )
            assert done.inserted_primary_key is not None
            for adjustment in change.adjustments:
                connection.execute(
                    insert(adjustments).values(
                        grade_id=done.inserted_primary_key[0], points=adjustment.points, reason=adjustment.reason
                    )
                )
            told()
