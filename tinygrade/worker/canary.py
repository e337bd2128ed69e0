"""Try the acts that student code must not do, and tell which ones worked.

Runs in a confined worker without student code: what the isolation line says was tried, not assumed.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path


def possible_acts() -> list[str]:
    """Names of the forbidden acts that were possible."""
    return [name for name, attempt in ATTEMPTS.items() if _possible(attempt)]


def _possible(attempt: Callable[[], None]) -> bool:
    try:
        attempt()
    except (OSError, MemoryError, AttributeError, ValueError):
        return False
    return True


def _read_files() -> None:
    Path("/etc/passwd" if os.name == "posix" else sys.executable).read_bytes()


def _write_files() -> None:
    _with_new_file(b"x")


def _create_files() -> None:
    _with_new_file(b"")


def _with_new_file(content: bytes) -> None:
    path = Path("/tmp" if os.name == "posix" else os.environ.get("TEMP", "."), f"tinygrade-canary-{os.getpid()}")
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        if content:
            os.write(file, content)
    finally:
        os.close(file)
        path.unlink()


def _connect() -> None:
    with socket.socket() as tcp:
        tcp.settimeout(0.2)
        # Nothing needs to listen: being refused by the peer proves that the kernel let the packet out.
        with contextlib.suppress(ConnectionRefusedError, TimeoutError):
            tcp.connect(("127.0.0.1", 9))


def _start_processes() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _signal_the_grader() -> None:
    os.kill(os.getppid(), 0)


def _take_memory() -> None:
    bytearray(4 << 30)


ATTEMPTS: dict[str, Callable[[], None]] = {
    "read files": _read_files,
    "create files": _create_files,
    "write files": _write_files,
    "network": _connect,
    "processes": _start_processes,
    "signals": _signal_the_grader,
    "memory": _take_memory,
}
