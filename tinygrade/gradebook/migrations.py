"""Bring an older gradebook up to date, step by step, each in one transaction.

To change the schema: change `schema.py`, append a function to `STEPS` that brings a gradebook of the version before to
the new one, and add a test that opens a gradebook of the old version. Steps that were released are never changed. A new
gradebook is made by the first step and taken through all others, so every step is run all the time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, inspect, select

from tinygrade.errors import GradebookError
from tinygrade.gradebook.schema import metadata, prints, schema_versions

Step = Callable[[Connection], None]


def _first(connection: Connection) -> None:
    metadata.create_all(connection)


def _prints(connection: Connection) -> None:
    prints.create(connection, checkfirst=True)  # a new gradebook has it from the first step


#: The step at index i makes version i + 1.
STEPS: tuple[Step, ...] = (_first, _prints)


def upgrade(connection: Connection, steps: Sequence[Step] = STEPS) -> int:
    """Bring the gradebook behind `connection` to version `len(steps)`; gives the version that it had (0: none).

    Raises:
        GradebookError: it is newer, or the database holds something else.
    """
    before = version(connection)
    if before > len(steps):
        raise GradebookError(
            f"it was written by a newer tinygrade (schema {before}, this one knows {len(steps)}): update tinygrade"
        )
    for number in range(before, len(steps)):
        steps[number](connection)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        connection.execute(insert(schema_versions).values(version=number + 1, since=now))
    return before


def version(connection: Connection) -> int:
    """The version of the gradebook; 0 for an empty database."""
    tables = inspect(connection).get_table_names()
    if schema_versions.name not in tables:
        if tables:
            raise GradebookError(f"it is a database of something else (it has a table {min(tables)!r})")
        return 0
    return max(connection.scalars(select(schema_versions.c.version)), default=0)
