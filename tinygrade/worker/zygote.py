"""A small process that has loaded numpy and nothing else, and forks a worker for each check.

It never loads student code, so what it says about its children (process id, how they ended) may be believed.
A fork costs a tenth of a fresh interpreter that imports numpy.
"""

from __future__ import annotations

import ctypes
import faulthandler
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
    parent = os.getppid()
    if sys.platform == "linux":
        confinement.die_with_parent(parent)
        # Processes that a student's code leaves behind come to us, so that `reap` can find them.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    gc.freeze()  # a collection in a child must not copy the pages of everything that was loaded here
    while True:
        data, fds, _, _ = socket.recv_fds(control, 4096, 4)
        if not data:
            return
        request = json.loads(data)
        answer = _fork(control, request, fds) if request["do"] == "fork" else _reap(request["pid"])
        control.send(json.dumps(answer).encode())


def _fork(control: socket.socket, request: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    zygote = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            control.close()
            _worker(request, fds, zygote)
        finally:
            os._exit(0)
    for fd in fds:
        os.close(fd)
    return {"pid": pid}


def _worker(request: dict[str, Any], fds: list[int], zygote: int) -> None:
    incoming, outgoing, out, err = fds
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.close(out)
    os.close(err)
    confinement.confine(request["limits"], zygote)
    package.hide_site_packages()
    pipe = Pipe(incoming, outgoing)
    if request.get("canary"):
        pipe.send({"value": canary.possible_acts()}, _refuse)
        return
    # On a time-out the trusted side asks for the place where the code was, before it kills.
    faulthandler.register(signal.SIGUSR1, file=2, all_threads=False)
    Session(pipe).serve()


def _refuse(value: Any) -> Any:
    raise TypeError(value)


def _reap(pid: int) -> dict[str, Any]:
    """Wait for a worker that was killed; also end what it may have left behind."""
    status = _wait(pid)
    for stray in _children():
        try:
            os.kill(stray, signal.SIGKILL)
        except ProcessLookupError:
            continue
        _wait(stray)
    return {"status": status}


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
