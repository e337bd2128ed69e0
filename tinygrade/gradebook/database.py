"""Open the database of a gradebook: SQLite by default, PostgreSQL by address; every fault of it in clear words."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tinygrade.errors import GradebookError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

#: Seconds that a short lock of another program is waited for.
PATIENCE_SECONDS = 5
EXTRA = 'the gradebook needs SQLAlchemy: pip install sqlalchemy'
POSTGRES_EXTRA = 'a gradebook on PostgreSQL needs psycopg: pip install "psycopg[binary]"'
#: What is found in a database's message, and what it means.
_MEANINGS = (
    ("database is locked", "another program is writing to it; close that program and run the same command again"),
    ("readonly database", "it cannot be written; check the permissions of the file and of its folder"),
    ("disk is full", "the disk is full; make room and run the same command again, nothing that was stored is lost"),
    ("permission denied", "it cannot be written; check the permissions of the file and of its folder"),
    ("read-only file system", "it cannot be written: its file system is read-only"),
    ("no space left", "the disk is full; make room and run the same command again, nothing that was stored is lost"),
    ("not a database", "it is no gradebook; name another file"),
    ("malformed", "it is damaged; restore a copy, or name another file"),
    ("disk i/o error", "the disk cannot be read or written; nothing that was stored before is lost"),
    ("unable to open", "it cannot be opened; check that the folder exists and that you may write to it"),
    ("password", "the server does not accept the user or the password"),
    ("refused", "the server does not answer; is it running, and are host and port right?"),
    ("does not exist", "the server has no such database, user or table"),
    ("connection", "the connection was lost; run the same command again, nothing that was stored is lost"),
)


class Database:
    """An open gradebook. `url` is a path, or an address such as `postgresql://user@host/name`.

    Raises:
        GradebookError: it cannot be opened, or is not a gradebook of a version that is known.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.shown = _shown(url)
        self._locks: list[IO[str] | _ServerLock] = []
        try:
            self._bring_up_to_date()
        except BaseException:
            self.close()
            raise

    def _bring_up_to_date(self) -> None:
        from tinygrade.gradebook.migrations import STEPS, upgrade, version

        with self.reading() as connection:
            current = version(connection)
        if current != len(STEPS):  # reading is enough otherwise, so that a read-only copy can be looked at
            with self.writing() as connection:
                upgrade(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection whose faults are told in words."""
        with self._told(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: all of it is stored at the end, or nothing."""
        with self._told(), self.engine.begin() as connection:
            yield connection

    def lock(self, what: str) -> None:
        """Hold the right to grade `what` until `close`, or until this process ends, by whatever ends it.

        Raises:
            GradebookError: another process holds it.
        """
        with self._told():
            held = _lock_server(self.engine, what) if self.is_server else _lock_file(self.engine.url.database)
        if held is None:
            raise GradebookError(f"gradebook {self.shown}: another tinygrade is grading {what} with it; wait for it")
        self._locks.append(held)

    @property
    def is_server(self) -> bool:
        return self.engine.dialect.name != "sqlite"

    def close(self) -> None:
        for lock in self._locks:
            with suppress(Exception):  # a connection that was lost holds no lock either
                lock.close()
        self._locks = []
        self.engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        from sqlalchemy.exc import DBAPIError, SQLAlchemyError

        try:
            yield
        except GradebookError as error:
            start = f"gradebook {self.shown}: "
            raise error if str(error).startswith(start) else GradebookError(start + str(error)) from error
        except DBAPIError as error:
            raise GradebookError(f"gradebook {self.shown}: {meaning(str(error.orig))}") from error
        except SQLAlchemyError as error:
            raise GradebookError(f"gradebook {self.shown}: {str(error).splitlines()[0]}") from error


def meaning(message: str) -> str:
    """What to make of a database's own message."""
    for part, words in _MEANINGS:
        if part in message.lower():
            return words
    return message.strip().splitlines()[0] if message.strip() else "it does not work"


def require_extra() -> None:
    """Raises GradebookError where SQLAlchemy is not installed."""
    if importlib.util.find_spec("sqlalchemy") is None:
        raise GradebookError(EXTRA)


def _engine(url: str) -> Engine:
    from sqlalchemy import create_engine, event
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    full = _full(url)
    try:
        if full.startswith("sqlite"):
            _make_private(url)
            engine = create_engine(full, connect_args={"timeout": PATIENCE_SECONDS})
            event.listen(engine, "connect", _set_up_sqlite)
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
            return engine
        return create_engine(full, connect_args={"connect_timeout": PATIENCE_SECONDS})
    except ModuleNotFoundError as error:
        raise GradebookError(POSTGRES_EXTRA if "psycopg" in str(error) else str(error)) from error
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise GradebookError(f"gradebook {_shown(url)}: a file, or postgresql://user@host/name") from error


def _make_private(url: str) -> None:
    """A new file that only its owner can read: it will hold what hidden checks are drawn from."""
    if "://" not in url:
        with suppress(OSError):  # SQLite will say what is wrong
            os.close(os.open(url, os.O_CREAT | os.O_RDWR, 0o600))


def _full(url: str) -> str:
    scheme, colon, rest = url.partition("://")
    if not colon:
        return f"sqlite:///{Path(url).absolute()}"
    return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url


def _shown(url: str) -> str:
    """The address without a password."""
    if "://" not in url:
        return url
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return url.partition("://")[0] + "://..."


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # the driver would leave changes of tables out of transactions
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _lock_file(database: str | None) -> IO[str] | None:
    """A lock on a file beside the database: SQLite's own would be given up at the end of each transaction."""
    try:
        file = open(f"{database}.lock", "w")  # noqa: SIM115  (it is held)
    except OSError as error:
        raise GradebookError(f"the lock beside it cannot be made: {meaning(error.strerror or '')}") from error
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:  # Windows: SQLite still keeps single results apart
        pass
    except OSError:
        file.close()
        return None
    return file


class _ServerLock:
    """Given back by word: the server notices only some time later that a connection was closed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def close(self) -> None:
        from sqlalchemy import func, select

        with self._connection as connection:
            connection.execute(select(func.pg_advisory_unlock_all()))


def _lock_server(engine: Engine, what: str) -> _ServerLock | None:
    from sqlalchemy import func, select

    number = int.from_bytes(hashlib.sha256(f"tinygrade {what}".encode()).digest()[:8], "big", signed=True)
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    if connection.scalar(select(func.pg_try_advisory_lock(number))):
        return _ServerLock(connection)
    connection.close()
    return None


def exists(url: str) -> bool:
    """False for a file that is not there: reading must not make an empty gradebook."""
    return "://" in url or os.path.exists(url)
