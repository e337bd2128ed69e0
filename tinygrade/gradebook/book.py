"""What the coordinator writes: who takes part, what was handed in, and each result as it arrives.

Every method is one transaction. Only one process at a time grades an assignment (`Database.lock`).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, insert, select, update

from tinygrade.executor import Outcome, Task
from tinygrade.gradebook import stored
from tinygrade.gradebook.database import Database
from tinygrade.gradebook.roster import Student
from tinygrade.gradebook.schema import assignments, courses, due_dates, results, runs, students, submissions
from tinygrade.model import Assignment
from tinygrade.text import clean_line

#: Bytes of one text; the longest path has 4096.
MAX_TEXT = 4096


@dataclass(frozen=True)
class Entry:
    """One assignment in the gradebook."""

    id: int
    course_id: int
    name: str
    seed: int
    #: 64 hex digits.
    secret: str


@dataclass(frozen=True)
class Run:
    """One run of the command."""

    id: int
    entry: Entry
    fingerprint: str
    tinygrade: str
    seed: int


@dataclass(frozen=True)
class Earlier:
    """A result from which some may be taken over."""

    result_id: int
    run_id: int
    started: str

    @property
    def run(self) -> str:
        return f"run {self.run_id} of {self.started[:19]}Z"


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def plain(text: str) -> str:
    """`text` as every database takes it: names of files may hold bytes that are no text, and one must not stop all."""
    return clean_line(text, MAX_TEXT)


class Gradebook:
    """Writes to an open database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def entry(self, assignment: Assignment) -> Entry:
        """The assignment's row, made when it is not there, with a seed and a secret of its own."""
        with self.database.writing() as connection:
            course = _row_id(connection, courses, name=assignment.course.name)
            here = (assignments.c.course_id == course, assignments.c.name == assignment.id)
            if connection.scalar(select(assignments.c.id).where(*here)) is None:
                drawn = {"seed": secrets.randbelow(9999) + 1, "secret": secrets.token_hex(32)}
                connection.execute(insert(assignments).values(course_id=course, name=assignment.id, **drawn))
            row = connection.execute(select(assignments).where(*here)).one()
            return Entry(row.id, course, row.name, row.seed, row.secret)

    def known(self, assignment: Assignment) -> Entry | None:
        """The assignment's row, where there is one: nothing is written."""
        where = (courses.c.name == assignment.course.name, assignments.c.name == assignment.id)
        query = select(assignments).join(courses, courses.c.id == assignments.c.course_id).where(*where)
        with self.database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Entry(row.id, row.course_id, row.name, row.seed, row.secret)

    def add_students(self, course_id: int, roster: Iterable[Student]) -> int:
        """Add those who are not there and update the others; gives how many were added."""
        with self.database.writing() as connection:
            known = _keys(connection, course_id)
            added = 0
            for student in roster:
                extra = {plain(key): plain(value) for key, value in student.extra.items()}
                values = {"name": student.name, "email": plain(student.email), "extra": json.dumps(extra)}
                if student.key in known:
                    connection.execute(update(students).where(students.c.id == known[student.key]).values(values))
                else:
                    connection.execute(insert(students).values(course_id=course_id, key=student.key, **values))
                    added += 1
            return added

    def start_run(self, entry: Entry, fingerprint: str, tinygrade: str, seed: int) -> Run:
        values = {"assignment_id": entry.id, "fingerprint": fingerprint, "tinygrade": tinygrade, "seed": seed}
        with self.database.writing() as connection:
            done = connection.execute(insert(runs).values(started=now(), **values))
            assert done.inserted_primary_key is not None
            return Run(done.inserted_primary_key[0], entry, fingerprint, tinygrade, seed)

    def finish_run(self, run: Run) -> None:
        with self.database.writing() as connection:
            connection.execute(update(runs).where(runs.c.id == run.id).values(finished=now()))

    def hand_in(self, run: Run, tasks: Sequence[Task], submitted: Mapping[str, str]) -> dict[str, int]:
        """Note what each student handed in last; gives student -> id of the submission.

        `submitted` holds times of submission by student, where they are known.
        """
        with self.database.writing() as connection:
            known = _keys(connection, run.entry.course_id)
            new = [task.student for task in tasks if task.student not in known]
            if new:
                rows = [{"course_id": run.entry.course_id, "key": key} for key in new]
                connection.execute(insert(students), rows)
                known = _keys(connection, run.entry.course_id)
            ids = _submissions(connection, run.entry)
            rows = [
                {
                    "submission": ids.get((known[task.student], task.sha256)),
                    "student": known[task.student],
                    "hash": task.sha256,
                    "path": plain(task.source),
                    "time": submitted.get(task.student),
                }
                for task in tasks
            ]
            _note(connection, run, rows)
            ids = _submissions(connection, run.entry)
            return {task.student: ids[known[task.student], task.sha256] for task in tasks}

    def graded(self, run: Run) -> set[int]:
        """Submissions with a complete result that still holds: same content, assignment, tinygrade and seed."""
        same = (runs.c.fingerprint == run.fingerprint, runs.c.tinygrade == run.tinygrade, runs.c.seed == run.seed)
        query = (
            select(results.c.submission_id)
            .join(runs, runs.c.id == results.c.run_id)
            .where(runs.c.assignment_id == run.entry.id, results.c.complete, *same)
        )
        with self.database.reading() as connection:
            return set(connection.scalars(query))

    def earlier(self, run: Run) -> dict[int, Earlier]:
        """By submission its last complete result of this tinygrade and seed, whatever the assignment was then."""
        same = (runs.c.assignment_id == run.entry.id, runs.c.tinygrade == run.tinygrade, runs.c.seed == run.seed)
        query = (
            select(results.c.submission_id, results.c.id, runs.c.id, runs.c.started)
            .join(runs, runs.c.id == results.c.run_id)
            .where(results.c.complete, *same)
            .order_by(results.c.id)
        )
        with self.database.reading() as connection:
            return {submission: Earlier(*found) for submission, *found in connection.execute(query)}

    def store(self, run: Run, submission: int, outcome: Outcome) -> None:
        """Store one result, wholly or not at all."""
        report = outcome.report
        values = {
            "run_id": run.id,
            "submission_id": submission,
            "kind": outcome.kind,
            "complete": outcome.kind == "complete",
            "score": stored.raw_score(report) if report is not None and outcome.kind == "complete" else None,
            "max_score": report.max_score if report is not None else None,
            "seconds": round(outcome.seconds, 3),
            "problem": plain(outcome.problem),
            "report": stored.packed(report) if report is not None else None,
            "at": now(),
        }
        with self.database.writing() as connection:
            connection.execute(insert(results).values(values))

    def set_due(self, entry: Entry, due: str | None, student: str | None = None) -> None:
        """Set the due date of everybody, or of one student; None takes it away.

        Raises:
            KeyError: there is no such student.
        """
        with self.database.writing() as connection:
            row = None if student is None else _keys(connection, entry.course_id)[student]
            whose = due_dates.c.student_id.is_(None) if row is None else due_dates.c.student_id == row
            connection.execute(due_dates.delete().where(due_dates.c.assignment_id == entry.id, whose))
            if due is not None:
                connection.execute(insert(due_dates).values(assignment_id=entry.id, student_id=row, due=due))


def _row_id(connection: Connection, table: Table, **values: object) -> int:
    """The row with these values, made when it is not there."""
    where = [table.c[name] == value for name, value in values.items()]
    found: int | None = connection.scalar(select(table.c.id).where(*where))
    if found is None:
        connection.execute(insert(table).values(**values))
        found = connection.scalar(select(table.c.id).where(*where))
    assert found is not None
    return found


def _keys(connection: Connection, course_id: int) -> dict[str, int]:
    rows = connection.execute(select(students.c.key, students.c.id).where(students.c.course_id == course_id))
    return {key: id for key, id in rows}


def _note(connection: Connection, run: Run, rows: Sequence[Mapping[str, Any]]) -> None:
    """Name these submissions in this run; a time that is not known now stays what it was."""
    new = [row for row in rows if row["submission"] is None]
    known = [row for row in rows if row["submission"] is not None]
    values: dict[str, Any] = {"source": bindparam("path"), "run_id": run.id}
    if new:
        fresh = insert(submissions).values(
            **values,
            assignment_id=run.entry.id,
            student_id=bindparam("student"),
            sha256=bindparam("hash"),
            submitted=bindparam("time"),
        )
        connection.execute(fresh, new)
    if known:
        values["submitted"] = func.coalesce(bindparam("time"), submissions.c.submitted)
        connection.execute(update(submissions).where(submissions.c.id == bindparam("submission")).values(values), known)


def _submissions(connection: Connection, entry: Entry) -> dict[tuple[int, str], int]:
    query = select(submissions.c.student_id, submissions.c.sha256, submissions.c.id)
    rows = connection.execute(query.where(submissions.c.assignment_id == entry.id))
    return {(student, sha256): id for student, sha256, id in rows}
