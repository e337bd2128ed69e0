"""Gradebooks on both databases: the same tests on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator

import postgres
import pytest

from tinygrade.gradebook.book import Gradebook
from tinygrade.gradebook.database import Database


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    try:
        with postgres.server() as address:
            yield address
    except postgres.Unavailable as error:
        if "postgres" in os.environ.get("TINYGRADE_NEED", ""):
            pytest.fail(f"TINYGRADE_NEED asks for it: {error}")
        pytest.skip(str(error))


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path) -> str:
    """An empty gradebook's address, on each kind of database."""
    if request.param == "sqlite":
        return str(tmp_path / "gradebook.db")
    return postgres.new_database(request.getfixturevalue("postgres_address"), f"t{uuid.uuid4().hex}")


@pytest.fixture
def open_book(url: str) -> Iterator[Callable[[], Gradebook]]:
    """Open the gradebook; again and again, if need be. All are closed at the end."""
    opened: list[Database] = []

    def make() -> Gradebook:
        opened.append(Database(url))
        return Gradebook(opened[-1])

    yield make
    for database in opened:
        database.close()


@pytest.fixture
def book(open_book: Callable[[], Gradebook]) -> Gradebook:
    return open_book()
