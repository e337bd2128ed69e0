"""A small process that has loaded numpy and nothing else, and forks a worker for each check.

It never loads student code, so what it says about its children (process id, how they ended) may be believed.
A fork costs a tenth of a fresh interpreter that imports numpy.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from . import kernel, package, single
from .confinement import Confinement, die_with_parent
from .pipe import Pipe

PR_SET_CHILD_SUBREAPER = 36


def main(control: socket.socket, without: list[str]) -> None:
    """Answer `fork` and `reap` until the trusted side closes the socket.

    `without` names the steps of the confinement that workers leave out.
    """
    if sys.platform == "linux":
        die_with_parent(os.getppid())
        # Processes that a student's code leaves behind come to us, so that `reap` can find them.
        kernel.prctl(PR_SET_CHILD_SUBREAPER, 1)
    package.hide_site_packages()
    zygote = Zygote(control, Confinement(without))
    gc.freeze()  # a collection in a child must not copy the pages of everything that was loaded here
    while True:
        data, fds, _, _ = socket.recv_fds(control, 4096, 4)
        if not data:
            return
        request = json.loads(data)
        answer = zygote.fork(request, fds) if request["do"] == "fork" else zygote.reap(request["pid"])
        control.send(json.dumps(answer).encode())


class Zygote:
    """The parent of all workers."""

    def __init__(self, control: socket.socket, confinement: Confinement) -> None:
        self._control = control
        self._confinement = confinement
        self._pid = os.getpid()
        self._workers: set[int] = set()

    def fork(self, request: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        """Start a worker on the four file descriptors: requests, replies, stdout, stderr."""
        pid = os.fork()
        if pid == 0:
            try:
                self._control.close()
                _work(request, fds, self._confinement, self._pid)
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


def _work(request: dict[str, Any], fds: list[int], confinement: Confinement, zygote: int) -> None:
    incoming, outgoing, out, err = fds
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.close(out)
    os.close(err)
    single.serve(Pipe(incoming, outgoing), confinement, request, zygote)


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
