"""A gradebook that cannot be used is told in one clear line, and never made worse."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select

from tinygrade.errors import GradebookError
from tinygrade.gradebook.database import Database, meaning
from tinygrade.gradebook.migrations import STEPS, upgrade, version
from tinygrade.gradebook.schema import courses, prints, schema_versions


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A gradebook with one course."""
    path = tmp_path / "gradebook.db"
    database = Database(str(path))
    with database.writing() as connection:
        connection.execute(insert(courses).values(name="Tiny"))
    database.close()
    return path


def refused(url: object) -> str:
    with pytest.raises(GradebookError) as caught:
        Database(str(url))
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


def read_all(file: Path) -> None:
    database = Database(str(file))
    try:
        with database.reading() as connection:
            connection.execute(courses.select()).all()
    finally:
        database.close()


def fill(database: Database, stored: list[str]) -> None:
    """Store until it fails; the names of what was stored are in `stored`."""
    while len(stored) < 1000:
        name = f"{len(stored)} " + "x" * 4000
        with database.writing() as connection:
            connection.execute(insert(courses).values(name=name))
        stored.append(name)


def test_a_new_gradebook_has_the_current_version(url):
    database = Database(url)
    with database.reading() as connection:
        assert version(connection) == len(STEPS)
    database.close()


def test_a_new_file_is_its_owners_alone(file):
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_newer_one_is_left_alone(url):
    database = Database(url)
    with database.writing() as connection:
        connection.execute(insert(schema_versions).values(version=99, since=""))
    database.close()
    assert f"written by a newer tinygrade (schema 99, this one knows {len(STEPS)})" in refused(url)


def test_one_without_prints_gets_them(url):
    database = Database(url)
    with database.writing() as connection:
        prints.drop(connection)
        connection.execute(delete(schema_versions).where(schema_versions.c.version > 1))
    database.close()
    again = Database(url)
    with again.reading() as connection:
        assert version(connection) == len(STEPS)
        assert connection.execute(select(prints)).all() == []
    again.close()


def test_an_older_one_is_brought_up_to_date_in_one_transaction(url):
    database = Database(url)

    def add(connection):
        connection.exec_driver_sql("ALTER TABLE courses ADD COLUMN term TEXT")

    def fail(connection):
        connection.exec_driver_sql("ALTER TABLE courses ADD COLUMN place TEXT")
        raise GradebookError("it failed")

    with pytest.raises(GradebookError, match="it failed"), database.writing() as connection:
        upgrade(connection, (*STEPS, add, fail))
    with database.reading() as connection:
        assert version(connection) == len(STEPS)
    with database.writing() as connection:
        assert upgrade(connection, (*STEPS, add)) == len(STEPS)
        assert version(connection) == len(STEPS) + 1
        connection.exec_driver_sql("INSERT INTO courses (name, term) VALUES ('Tiny', 'autumn')")
    database.close()


def test_somebody_elses_database(tmp_path):
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER)")
    assert "a database of something else (it has a table 'orders')" in refused(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("orders",)]


def test_no_database_at_all(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("a shopping list, long enough for a header\n" * 100)
    assert "it is no gradebook; name another file" in refused(path)


def test_a_damaged_one(file):
    with open(file, "r+b") as stream:
        stream.seek(4096)
        stream.write(b"\xff" * (os.path.getsize(file) - 4096))
    with pytest.raises(GradebookError, match="damaged; restore a copy"):
        read_all(file)


def test_a_folder_that_is_not_there(tmp_path):
    assert "check that the folder exists" in refused(tmp_path / "nowhere" / "gradebook.db")


def test_a_folder_is_no_gradebook(tmp_path):
    assert "cannot be opened" in refused(tmp_path)


def test_locked_by_another_program(file, monkeypatch):
    monkeypatch.setattr("tinygrade.gradebook.database.PATIENCE_SECONDS", 0.1)
    database = Database(str(file))
    with sqlite3.connect(file) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(GradebookError, match="another program is writing to it"), database.writing() as connection:
            connection.execute(insert(courses).values(name="Other"))
        other.rollback()
    with database.writing() as connection:
        connection.execute(insert(courses).values(name="Other"))
    database.close()


def test_read_only(file):
    database = Database(f"sqlite:///file:{file}?mode=ro&uri=true")
    with pytest.raises(GradebookError, match="cannot be written; check the permissions"), database.writing() as writing:
        writing.execute(insert(courses).values(name="Other"))
    database.close()


def test_a_folder_that_cannot_be_written(file):
    file.with_name("gradebook.db.lock").mkdir()  # permissions mean nothing to root, who runs tests
    database = Database(str(file))
    with pytest.raises(GradebookError, match=r"gradebook\.db: the lock beside it cannot be made: Is a directory"):
        database.lock("Tiny/alpha")
    database.close()


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="a small tmpfs can be mounted by root only")
def test_full_disk_loses_nothing_that_was_stored(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted: {mounted.stderr.decode()}")
    try:
        database = Database(str(disk / "gradebook.db"))
        stored: list[str] = []
        with pytest.raises(GradebookError, match="the disk is full; make room"):
            fill(database, stored)
        assert stored
        with database.reading() as connection:
            assert list(connection.scalars(select(courses.c.name).order_by(courses.c.id))) == stored
        database.close()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("url", ["mysql://a/b", "postgresql+nonsense://a/b", "://", "postgresql://u:pw@[::1"])
def test_addresses_of_nothing(url):
    assert "pw" not in refused(url)


def test_a_server_that_does_not_answer():
    message = refused("postgresql://ann:secret@127.0.0.1:1/x")
    assert "the server does not answer" in message
    assert "secret" not in message


def test_a_database_that_the_server_does_not_have(postgres_address):
    assert "the server has no such database" in refused(f"{postgres_address}/nothing")


def test_other_messages_stay_what_they_are():
    assert meaning("something new\nwith details") == "something new"
    assert meaning("") == "it does not work"
