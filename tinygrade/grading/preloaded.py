"""The process behind `forkserver.Forkserver`: numpy, pytest and tinygrade are loaded, and each job gets a fork.

It ends when the other end of its socket is closed, by whatever ends the command, and its gradings end with it. It never
sees a job, a course or a submission: those come to the child, over descriptors of its own. So no state can pass from
one grading to the next, and nothing that a child inherits is worth knowing.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
import threading
from typing import Any

from tinygrade.grading.childhood import preload


def main() -> None:
    """Entry of the process: the number of its end of the socket is the last argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command decides what an interrupt means
    control = socket.socket(fileno=int(sys.argv[-1]))
    preload()
    if not is_single_threaded():
        sys.exit(1)
    gc.freeze()  # a collection in a child must not copy the pages of everything that was loaded here
    while True:
        data, fds, _, _ = socket.recv_fds(control, 1 << 16, 3)
        if not data:
            return
        request = json.loads(data)
        control.send(json.dumps(_answer(control, request, fds)).encode())


def _answer(control: socket.socket, request: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    match request["do"]:
        case "fork":
            return _fork(control, request, fds)
        case "reap":
            return _reap(request["pid"])
        case _:
            return {}


def is_single_threaded() -> bool:
    """A fork would lose any other thread in the middle of its work."""
    return threading.active_count() == 1 and len(os.listdir("/proc/self/task")) == 1


def _fork(control: socket.socket, request: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            control.close()
            _become_grading(request["folder"], fds, parent)
            code = 0
        finally:
            sys.stderr.flush()
            os._exit(code)
    for fd in fds:
        os.close(fd)
    return {"pid": pid}


def _become_grading(folder: str, fds: list[int], parent: int) -> None:
    """What `grading` asks of a fresh process: a session of its own, an empty folder, job, events and log."""
    from tinygrade.grading import session

    job, events, log = fds
    os.setsid()
    os.chdir(folder)
    os.dup2(job, 0)
    os.dup2(log, 2)
    for fd in (job, log):
        os.close(fd)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    session.serve(events, parent)


def _reap(pid: int) -> dict[str, Any]:
    """How a grading ended; its number stays its own until this is asked."""
    try:
        return {"status": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}
    except ChildProcessError:
        return {"status": 1}
