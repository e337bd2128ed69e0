"""The tables. Times are UTC in ISO 8601, so that they sort as text on every database.

Nothing is ever overwritten that somebody may ask about later: results and grades are only added. A student's grade is
the last row of `grades`; the result to be published next is the last complete one of the submission named last.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _to(table: str, nullable: bool = False) -> Column[int]:
    """A column that refers to a row of `table`."""
    return Column(f"{table.removesuffix('s')}_id", ForeignKey(f"{table}.id"), nullable=nullable)


schema_versions = Table(
    "schema_versions", metadata, Column("version", Integer, primary_key=True), Column("since", String(40))
)

courses = Table("courses", metadata, _id(), Column("name", Text, unique=True, nullable=False))

assignments = Table(
    "assignments",
    metadata,
    _id(),
    _to("courses"),
    Column("name", Text, nullable=False),
    # What inputs are drawn from, kept for all of its runs: grades differ only where something was changed.
    Column("seed", Integer, nullable=False),
    Column("secret", String(64), nullable=False),
    UniqueConstraint("course_id", "name"),
)

students = Table(
    "students",
    metadata,
    _id(),
    _to("courses"),
    # The identity that submissions are named by.
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False, default=""),
    Column("email", Text, nullable=False, default=""),
    # Further columns of the roster as JSON: exports give them back.
    Column("extra", Text, nullable=False, default="{}"),
    UniqueConstraint("course_id", "key"),
)

due_dates = Table(
    "due_dates",
    metadata,
    _id(),
    _to("assignments"),
    # NULL for everybody; a row with a student is an extension.
    _to("students", nullable=True),
    Column("due", String(40), nullable=False),
)

runs = Table(
    "runs",
    metadata,
    _id(),
    _to("assignments"),
    Column("started", String(40), nullable=False),
    # NULL while it runs, and for ever when it was killed.
    Column("finished", String(40)),
    # With the submission's hash these decide whether a result still holds.
    Column("fingerprint", String(64), nullable=False),
    Column("tinygrade", String(40), nullable=False),
    Column("seed", Integer, nullable=False),
)

submissions = Table(
    "submissions",
    metadata,
    _id(),
    _to("assignments"),
    _to("students"),
    # Empty for one that could not be read.
    Column("sha256", String(64), nullable=False),
    Column("source", Text, nullable=False),
    Column("submitted", String(40)),
    # The last run that it was named in: this is what the student handed in last.
    _to("runs"),
    UniqueConstraint("assignment_id", "student_id", "sha256"),
)

results = Table(
    "results",
    metadata,
    _id(),
    _to("runs"),
    _to("submissions"),
    Column("kind", String(20), nullable=False),
    Column("complete", Boolean, nullable=False),
    # Before adjustments; NULL, which is not zero, unless it is complete.
    Column("score", Float),
    Column("max_score", Float),
    Column("seconds", Float, nullable=False),
    Column("problem", Text, nullable=False, default=""),
    # Instructor's report: JSON, compressed by zlib.
    Column("report", LargeBinary),
    Column("at", String(40), nullable=False),
    UniqueConstraint("run_id", "submission_id"),
)

prints = Table(
    "prints",
    metadata,
    _id(),
    _to("assignments"),
    Column("sha256", String(64), nullable=False),
    # How they were computed, and without which template; there are only those of one method for an assignment.
    Column("method", String(16), nullable=False),
    # 32-bit numbers.
    Column("data", LargeBinary, nullable=False),
    UniqueConstraint("assignment_id", "sha256"),
)

grades = Table(
    "grades",
    metadata,
    _id(),
    _to("assignments"),
    _to("students"),
    _to("results"),
    Column("score", Float, nullable=False),
    Column("max_score", Float, nullable=False),
    Column("published", String(40), nullable=False),
)

adjustments = Table(
    "adjustments",
    metadata,
    _id(),
    _to("grades"),
    Column("points", Float, nullable=False),
    Column("reason", Text, nullable=False),
)

Index("results_of_submission", results.c.submission_id)
Index("grades_of_student", grades.c.assignment_id, grades.c.student_id)
