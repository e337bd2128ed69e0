"""A small process that has loaded numpy and nothing else, and forks a worker for each check.

It never loads student code, so what it says about its children (process id, how they ended) may be believed.
A fork costs a tenth of a fresh interpreter that imports numpy.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from . import canary, confinement, package
from .pipe import Pipe
from .session import Session

PR_SET_CHILD_SUBREAPER = 36


def main(control: socket.socket) -> None:
    """Answer `fork` and `reap` until the trusted side closes the socket."""
    if sys.platform == "linux":
        confinement.die_with_parent(os.getppid())
        # Processes that a student's code leaves behind come to us, so that `reap` can find them.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    gc.freeze()  # a collection in a child must not copy the pages of everything that was loaded here
    zygote = Zygote(control)
    while True:
        data, fds, _, _ = socket.recv_fds(control, 4096, 4)
        if not data:
            return
        request = json.loads(data)
        answer = zygote.fork(request, fds) if request["do"] == "fork" else zygote.reap(request["pid"])
        control.send(json.dumps(answer).encode())


class Zygote:
    """The parent of all workers."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._pid = os.getpid()
        self._workers: set[int] = set()

    def fork(self, request: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        """Start a worker on the four file descriptors: requests, replies, stdout, stderr."""
        pid = os.fork()
        if pid == 0:
            try:
                self._control.close()
                _work(request, fds, self._pid)
            finally:
                os._exit(0)
        self._workers.add(pid)
        for fd in fds:
            os.close(fd)
        return {"pid": pid}

    def reap(self, pid: int) -> dict[str, Any]:
        """Wait for a worker that was killed; also end what it may have left behind."""
        status = _wait(pid)
        self._workers.discard(pid)
        while strays := set(_children()) - self._workers:
            for stray in strays:
                os.kill(stray, signal.SIGKILL)  # not yet reaped, so the number is still its own
                _wait(stray)
        return {"status": status}


def _work(request: dict[str, Any], fds: list[int], zygote: int) -> None:
    incoming, outgoing, out, err = fds
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.close(out)
    os.close(err)
    confinement.confine(request["limits"], zygote)
    package.hide_site_packages()
    pipe = Pipe(incoming, outgoing)
    if request["canary"]:
        pipe.send({"value": canary.possible_acts()})
        return
    Session(pipe).serve()


def _wait(pid: int) -> int:
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except ChildProcessError:
        return 0


def _children() -> list[int]:
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    try:
        return [int(word) for word in path.read_text().split()]
    except OSError:  # a kernel without this file: strays stay with their group, which was killed
        return []
