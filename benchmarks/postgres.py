"""A PostgreSQL server of one's own on loopback, for tests and benchmarks: made, used, and thrown away."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: Where Debian's packages put the programs, newest last.
DEBIAN = Path("/usr/lib/postgresql")
PATIENCE_SECONDS = 30


class Unavailable(Exception):
    """There is no PostgreSQL here; the message says what is missing."""


def programs() -> Path:
    """The folder of `initdb` and `postgres`. Raises Unavailable."""
    found = shutil.which("initdb")
    if found and (Path(found).parent / "postgres").exists():
        return Path(found).parent
    versions = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not versions:
        raise Unavailable("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return versions[-1].parent


def as_user() -> list[str]:
    """The server refuses to run as root: the words that make it another user. Raises Unavailable."""
    if os.geteuid() != 0:
        return []
    with suppress(KeyError):
        user = pwd.getpwnam("postgres")
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--no-new-privs"]
    raise Unavailable("PostgreSQL refuses to run as root, and there is no user postgres")


@contextmanager
def server() -> Iterator[str]:
    """The address of an empty server, which ends with the context. Raises Unavailable."""
    bin_, user = programs(), as_user()
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        if user:
            shutil.chown(folder, "postgres")
        make = [*user, str(bin_ / "initdb"), "-D", str(folder / "data"), "-U", "tinygrade", "-A", "trust", "--no-sync"]
        subprocess.run([*make, "-E", "UTF8"], check=True, capture_output=True, cwd="/")
        port = _free_port()
        serve = [str(bin_ / "postgres"), "-D", str(folder / "data"), "-F", "-h", "127.0.0.1", "-p", str(port), "-k", ""]
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen([*user, *serve], stdout=log, stderr=log, cwd="/")
        try:
            _wait(process, port, folder / "log")
            yield f"postgresql://tinygrade@127.0.0.1:{port}"
        finally:
            process.send_signal(2)  # SIGINT: end the connections and stop
            process.wait(PATIENCE_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_database(address: str, name: str) -> str:
    """Make the empty database `name` and give its address."""
    import psycopg

    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
    return f"{address}/{name}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    import psycopg

    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise Unavailable(f"PostgreSQL does not start: {log.read_text()[-500:]}")
        with suppress(psycopg.OperationalError):
            psycopg.connect(f"postgresql://tinygrade@127.0.0.1:{port}/postgres").close()
            return
        time.sleep(0.05)
    raise Unavailable(f"PostgreSQL does not answer: {log.read_text()[-500:]}")
