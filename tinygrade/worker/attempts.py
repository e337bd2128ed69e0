"""One function for each forbidden act; it raises when the act is refused. See `canary.py`."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import kernel, privileges

NOWHERE = "/nonexistent/tinygrade-canary"
#: Numbers on x86-64 and aarch64 of calls that are tried directly.
PROCESS_VM_READV, PRLIMIT64, MEMFD_CREATE, SHMGET = (310, 270), (302, 261), (319, 279), (29, 194)
INOTIFY_INIT1, IO_URING_SETUP, UNSHARE = (294, 26), (425, 425), (272, 97)
CLONE_NEWUSER = 0x10000000
F_SETOWN = 8

#: Acts whose refusal shows in the errno alone: any answer about the argument means that they were not refused.
BY_ANSWER: set[Callable[[], None]] = set()


class Elsewhere(Exception):
    """This system has no such act."""


def by_answer(attempt: Callable[[], None]) -> Callable[[], None]:
    BY_ANSWER.add(attempt)
    return attempt


def _call(numbers: tuple[int, int], *args: Any) -> int:
    if kernel.COLUMN is None:
        raise Elsewhere
    return kernel.syscall(numbers[kernel.COLUMN], *args)


# ---- files -----------------------------------------------------------------------------------------


def read_a_system_file() -> None:
    Path("/etc/passwd" if os.name == "posix" else sys.executable).read_bytes()


def read_site_packages() -> None:
    import numpy

    os.listdir(Path(numpy.__file__).parents[1])


def watch_files() -> None:
    os.close(_call(INOTIFY_INIT1, 0))


def create_a_file() -> None:
    file, path = _new_file()
    _remove(file, path)


def write_a_file() -> None:
    file, path = _new_file()
    try:
        os.write(file, b"x")
    finally:
        _remove(file, path)


def _new_file() -> tuple[int, Path | None]:
    """Without a name if possible: nothing is left where files can be created and not deleted."""
    if hasattr(os, "O_TMPFILE"):
        with contextlib.suppress(OSError):
            return os.open(_folder(), os.O_WRONLY | os.O_TMPFILE, 0o600), None
    path = Path(_folder(), f"tinygrade-canary-{os.getpid()}")
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), path


def _remove(file: int, path: Path | None) -> None:
    os.close(file)
    if path is not None:
        with contextlib.suppress(PermissionError):
            path.unlink()


def make_a_folder() -> None:
    path = Path(_folder(), f"tinygrade-canary-{os.getpid()}")
    path.mkdir()
    path.rmdir()


def _folder() -> str:
    return "/tmp" if os.name == "posix" else os.environ.get("TEMP", ".")


def make_a_symbolic_link() -> None:
    _name_and_remove(lambda path: os.symlink(NOWHERE, path))


def make_a_hard_link() -> None:
    """Of a file that everybody may read."""
    _name_and_remove(lambda path: os.link(os.__file__, path))


def make_a_pipe() -> None:
    _name_and_remove(os.mkfifo)


def _name_and_remove(make: Callable[[str], None]) -> None:
    """In the working folder, which is the only one that a worker may have."""
    path = os.path.join("." if os.access(".", os.W_OK) else _folder(), f"tinygrade-canary-{os.getpid()}")
    make(path)
    with contextlib.suppress(PermissionError):
        os.unlink(path)


def overfill(mib: int) -> None:
    """Two files in the working folder that hold more than it, each less."""
    _fill([(mib << 20) * 3 // 4] * 2)


def keep_files(count: int) -> None:
    _fill([0] * count)


def _fill(sizes: list[int]) -> None:
    names = [f"canary-{number}" for number in range(len(sizes))]
    try:
        for name, size in zip(names, sizes, strict=True):
            file = os.open(name, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                if size:
                    os.posix_fallocate(file, 0, size)
            finally:
                os.close(file)
    finally:
        for name in names:
            with contextlib.suppress(OSError):
                os.unlink(name)


@by_answer
def change_mode() -> None:
    os.chmod(NOWHERE, 0o600)


@by_answer
def change_time() -> None:
    os.utime(NOWHERE)


# ---- network ---------------------------------------------------------------------------------------


@by_answer
def connect_tcp() -> None:
    """Nothing needs to listen: being refused by the peer, or hearing nothing, proves that the packet left."""
    with socket.socket() as tcp, contextlib.suppress(TimeoutError):
        tcp.settimeout(0.2)
        tcp.connect(("127.0.0.1", 9))


def send_udp() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendto(b"", ("127.0.0.1", 9))


def connect_abstract_socket() -> None:
    if sys.platform != "linux":
        raise Elsewhere
    _connect_unix("\0tinygrade-canary")


def connect_path_socket() -> None:
    _connect_unix(NOWHERE)


def _connect_unix(address: str) -> None:
    with socket.socket(socket.AF_UNIX) as local:
        local.connect(address)


by_answer(connect_abstract_socket)
by_answer(connect_path_socket)


# ---- other processes -------------------------------------------------------------------------------


def fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


@by_answer
def execute() -> None:
    os.execv(NOWHERE, [NOWHERE])


def start_thread() -> None:
    import threading

    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


def signal_the_grader() -> None:
    if os.name != "posix":  # number 0 is an interrupt there
        raise Elsewhere
    os.kill(os.getppid(), 0)


def signal_through_a_file() -> None:
    """The kernel would send SIGIO for a file to whoever is named as its owner; here it is nobody in the end."""
    import fcntl

    r, w = os.pipe()
    try:
        fcntl.fcntl(r, F_SETOWN, os.getppid())
        fcntl.fcntl(r, F_SETOWN, 0)
    finally:
        os.close(r)
        os.close(w)


def read_environment() -> None:
    Path(f"/proc/{os.getppid()}/environ").read_bytes()


def read_memory_file() -> None:
    with open(f"/proc/{os.getppid()}/mem", "rb"):
        pass


@by_answer
def read_memory() -> None:
    """At address 0, where nothing is: the answer tells whether another address would have been read."""
    target = ctypes.create_string_buffer(8)
    here = (ctypes.c_size_t * 2)(ctypes.addressof(target), 8)
    there = (ctypes.c_size_t * 2)(0, 8)
    _call(PROCESS_VM_READV, os.getppid(), ctypes.byref(here), 1, ctypes.byref(there), 1, 0)


def look_at_limits() -> None:
    _call(PRLIMIT64, os.getppid(), 0, None, None)


def change_priority() -> None:
    os.setpriority(os.PRIO_PROCESS, os.getppid(), os.getpriority(os.PRIO_PROCESS, os.getppid()))


def raise_own_limit() -> None:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard + 1, hard + 1))


# ---- kernel and privileges ----------------------------------------------------------------------------------------


def memory_file() -> None:
    os.close(_call(MEMFD_CREATE, ctypes.c_char_p(b"canary"), 0))


@by_answer
def system_v_memory() -> None:
    _call(SHMGET, 0x7467, 0, 0)  # asks for one that is there; EINVAL or ENOENT when there is none


@by_answer
def new_namespace() -> None:
    _call(UNSHARE, CLONE_NEWUSER)


def hold_capabilities() -> None:
    if privileges.capabilities() == 0:
        raise PermissionError


@by_answer
def kernel_interfaces() -> None:
    _call(IO_URING_SETUP, 0, None)


def take_memory() -> None:
    bytearray(4 << 30)
