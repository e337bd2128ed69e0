"""Many gradings cheaply: a process that has everything loaded, from which each grading is forked.

A fork costs some milliseconds; a fresh interpreter takes half a second of CPU to import numpy, pytest and tinygrade.
Everything else is as with a fresh process: environment, switches, empty folder, a zygote of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from tinygrade.errors import GraderError
from tinygrade.grading.childhood import command, environment

#: What the process runs.
ENTRY = "from tinygrade.grading.preloaded import main; main()"
#: It loads everything before its first answer.
PATIENCE_SECONDS = 60


def is_available() -> bool:
    """Forking is safe and any process can be waited for on Linux 5.3; elsewhere each grading is a fresh process."""
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:  # an older kernel, or a sandbox around us that does not let us
        return False
    return True


def started() -> Forkserver | None:
    """A server that works; None where each grading must be a fresh process."""
    if not is_available():
        return None
    server = Forkserver()
    try:
        server.start()
    except GraderError:  # a numerical library that starts threads when it is imported cannot be forked
        server.close()
        return None
    return server


class Forkserver:
    """Forks gradings; a context manager. May be used from several threads, and ends with this process.

    Raises (when it is used):
        GraderError: its process cannot be started or does not answer.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._closed = False

    def __enter__(self) -> Forkserver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start it now, and wait until everything is loaded."""
        with self._lock:
            self._request({"do": "hello"}, [])

    def fork(self, folder: Path, fds: list[int]) -> Forked:
        """A grading in the empty `folder`, with job, events and log on `fds` (which stay open here)."""
        with self._lock:
            message = {"do": "fork", "folder": str(folder)}
            try:
                answer = self._request(message, fds)
            except GraderError:  # the system may have ended it, for lack of memory: a new one takes its place, once
                self._end()
                answer = self._request(message, fds)
            return Forked(self, answer["pid"])

    def reap(self, pid: int) -> int:
        """The exit code of a grading that has ended (negative: the signal)."""
        with self._lock:
            if self._process is None:
                return -signal.SIGTERM  # it took its gradings with it
            try:
                status: int = self._request({"do": "reap", "pid": pid}, [])["status"]
            except GraderError:
                return -signal.SIGTERM
            return status

    def close(self) -> None:
        """End it, and every grading that still runs. May be called twice."""
        with self._lock:
            self._closed = True
            self._end()

    def _request(self, message: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        control = self._control or self._launch()
        try:
            socket.send_fds(control, [json.dumps(message).encode()], fds)
            data = control.recv(4096)
        except OSError as error:
            raise GraderError(f"the process that gradings are forked from does not answer: {error}") from error
        if not data:
            code = self._process.wait() if self._process else None
            raise GraderError(f"the process that gradings are forked from ended with code {code}")
        answer: dict[str, Any] = json.loads(data)
        return answer

    def _launch(self) -> socket.socket:
        if self._closed:
            raise GraderError("no grading can be started any more")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                command(ENTRY, str(theirs.fileno())),
                env=environment(),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )
        ours.settimeout(PATIENCE_SECONDS)
        self._control = ours
        return ours

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Forked:
    """A grading that was forked, with what `subprocess.Popen` has for waiting and ending."""

    def __init__(self, server: Forkserver, pid: int) -> None:
        self._server = server
        self.pid = pid
        self._fd = os.pidfd_open(pid)  # the number is its own until `reap`
        self._lock = threading.Lock()
        #: Held while a signal is sent and while the descriptor is closed: its number may be another grading's at once.
        self._signalling = threading.Lock()
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """The exit code. Raises `subprocess.TimeoutExpired` when it runs for longer."""
        with self._lock:
            if self.returncode is None:
                if not self._ends(timeout):
                    raise subprocess.TimeoutExpired("grading", timeout or 0)
                code = self._server.reap(self.pid)
                with self._signalling:
                    self.returncode = code
                    os.close(self._fd)
            return self.returncode

    def _ends(self, timeout: float | None) -> bool:
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        return bool(poll.poll(None if timeout is None else 1000 * timeout))

    def terminate(self) -> None:
        """Ask it to end; zygote and workers die with it."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        # Not under the other lock: somebody may hold it and wait for the end.
        with self._signalling:
            if self.returncode is None:
                with contextlib.suppress(OSError):
                    signal.pidfd_send_signal(self._fd, number)
