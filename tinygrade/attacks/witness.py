"""What can only be seen while an attack runs, or right after it: the grader's memory, and processes left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinygrade.grading.child import Process

PR_SET_CHILD_SUBREAPER = 36
#: A killed process needs a moment to be gone.
PATIENCE = 3.0


class Witness:
    """A context around one grading. Afterwards `peak_mib` and `left` say what happened."""

    def __init__(self) -> None:
        #: Largest memory of the trusted process of the grading, MiB; 0 when it was never seen.
        self.peak_mib = 0.0
        #: Processes that outlived the grading.
        self.left: list[int] = []
        self._pids: set[int] = set()
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Witness:
        if sys.platform == "linux":  # orphans, whoever started them, become our children
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._before = set(children())
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._watch.join()
        deadline = time.monotonic() + PATIENCE
        while (left := [pid for pid in children() if pid not in self._before]) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            time.sleep(0.02)
        self.left = left

    def watch(self, grading: Process) -> None:
        """From now on its memory is seen."""
        self._pids.add(grading.pid)

    def _sample(self) -> None:
        while not self._over.wait(0.02):
            for pid in tuple(self._pids):
                self.peak_mib = max(self.peak_mib, _peak_mib(pid))


def children() -> list[int]:
    """Process ids of the children of this process; none where the system does not tell."""
    found: list[int] = []
    for file in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):  # the thread has ended meanwhile
            found += [int(word) for word in file.read_text().split()]
    return found


def _peak_mib(pid: int) -> float:
    try:
        match = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(match[1]) / 1024 if match else 0.0
