"""How much CPU a process used and how long it had to wait for one, from the kernel, not from the process."""

from __future__ import annotations

import os

_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads and reaped children of `pid`; 0.0 when it is gone.

    Read from /proc/PID/stat, fields 14 to 17 (proc(5)); its resolution is a clock tick, usually 10 ms.
    """
    try:
        return _cpu_seconds(_read(pid, "stat"))
    except OSError:
        return 0.0


def busy_seconds(pid: int) -> float:
    """Time that the living threads of `pid` ran on a CPU, in nanoseconds' resolution, for what takes milliseconds.

    Read from /proc/PID/task/*/schedstat, first field; 0.0 where the system does not tell.
    """
    try:
        threads = os.listdir(f"/proc/{pid}/task")
        return sum(int(_read(pid, f"task/{thread}/schedstat").split()[0]) for thread in threads) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def is_alive(pid: int) -> bool:
    """False once the process has ended, also while nobody has reaped it."""
    try:
        stat = _read(pid, "stat")
    except OSError:
        return False
    return stat[stat.rindex(b")") + 2 :][:1] not in b"ZX"


def waited_seconds(pid: int) -> float:
    """Time that `pid` was runnable but waited for a CPU (/proc/PID/schedstat, second field); 0.0 if unknown."""
    try:
        return _waited_seconds(_read(pid, "schedstat"))
    except OSError:
        return 0.0


class Clock:
    """The same of one process, with the kernel's files held open: a request asks for them half a dozen times."""

    def __init__(self, pid: int) -> None:
        self._files = {name: _opened(pid, name) for name in ("stat", "schedstat")}

    def cpu_seconds(self) -> float:
        return _cpu_seconds(self._read("stat"))

    def waited_seconds(self) -> float:
        return _waited_seconds(self._read("schedstat"))

    def close(self) -> None:
        """From now on it is a process that is gone. May be called twice."""
        files, self._files = self._files, dict.fromkeys(self._files, -1)
        for fd in files.values():
            if fd >= 0:
                os.close(fd)

    def _read(self, name: str) -> bytes:
        try:
            return os.pread(self._files[name], 4096, 0) if self._files[name] >= 0 else b""
        except OSError:
            return b""


def _opened(pid: int, name: str) -> int:
    try:
        return os.open(f"/proc/{pid}/{name}", os.O_RDONLY)
    except OSError:  # it is gone, or there is no /proc
        return -1


def _cpu_seconds(stat: bytes) -> float:
    fields = stat[stat.rfind(b")") + 2 :].split()  # the name before it may hold spaces and brackets
    return sum(map(int, fields[11:15])) / _TICK


def _waited_seconds(schedstat: bytes) -> float:
    try:
        return int(schedstat.split()[1]) / 1e9
    except (IndexError, ValueError):
        return 0.0


def _read(pid: int, name: str) -> bytes:
    fd = os.open(f"/proc/{pid}/{name}", os.O_RDONLY)
    try:
        return os.read(fd, 4096)
    finally:
        os.close(fd)
