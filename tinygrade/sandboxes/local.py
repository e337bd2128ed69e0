"""The sandbox for Linux: a zygote that forks a worker per check or training run."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from tinygrade.errors import GraderError
from tinygrade.model import Isolation, Limits
from tinygrade.sandboxes.channel import Channel
from tinygrade.sandboxes.deadline import Patience
from tinygrade.sandboxes.isolation import Gate, measured
from tinygrade.sandboxes.scratch import Scratch

#: The zygote imports numpy before its first answer: a fraction of a second, and many on a machine that is overloaded.
PATIENCE_SECONDS = 60
WORKER = Path(__file__).parent.parent / "worker" / "__main__.py"


def worker_environment() -> dict[str, str]:
    """Built from nothing: no token, path or seed of the trusted side gets in."""
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
    nowhere = {"HOME": "/nonexistent", "TMPDIR": "/nonexistent"}
    base = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **nowhere, **threads}
    if os.name == "nt":  # Python does not start without it
        base["SYSTEMROOT"] = os.environ.get("SYSTEMROOT", "")
    return base


def worker_command(*args: str) -> list[str]:
    """The command that starts the worker's code by path; -u, so that a killed worker's prints are not lost."""
    return [sys.executable, "-I", "-u", "-X", "utf8", str(WORKER), *args]


class LocalSandbox:
    """See `tinygrade.sandbox.Sandbox`."""

    def __init__(self, limits: Limits, without: Collection[str] = (), scratch: Path | None = None) -> None:
        self._limits = limits
        self._without = tuple(without)
        self._scratch = scratch
        self._gate = Gate()
        self._patience = Patience(limits.idle_seconds)
        self._workers: list[Channel] = []
        self._start_zygote()

    def _start_zygote(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._zygote = subprocess.Popen(
                worker_command("zygote", str(theirs.fileno()), *self._without),
                env=worker_environment(),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )

    def open(self, *, cpu_seconds: float) -> Channel:
        return self._fork(cpu_seconds, canary=False)

    def isolation(self) -> Isolation:
        return measured(self._fork(5.0, canary=True), self._gate)

    def slept(self) -> float:
        return self._patience.slept()

    def close(self) -> None:
        for worker in self._workers:
            worker.close()
        self._control.close()
        self._zygote.kill()
        self._zygote.wait(10)

    def _ask_for_worker(self, message: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        """Student code that may send signals may end the zygote: then a new one takes its place, once."""
        try:
            return self.request(message, fds)
        except GraderError:
            self._control.close()
            self._zygote.kill()
            self._zygote.wait(10)
            self._start_zygote()
            return self.request(message, fds)

    def _fork(self, cpu_seconds: float, *, canary: bool) -> Channel:
        ours: list[int] = []
        theirs: list[int] = []
        for readable_by_us in (False, True, True, True):  # requests, replies, stdout, stderr
            r, w = os.pipe()
            ours.append(r if readable_by_us else w)
            theirs.append(w if readable_by_us else r)
        scratch = Scratch(self._scratch, self._limits.scratch_mib)
        limits = {"memory_mib": self._limits.memory_mib, "cpu_seconds": cpu_seconds, "scratch": scratch.request}
        answer = self._ask_for_worker({"do": "fork", "limits": limits, "canary": canary}, theirs)
        for fd in theirs:
            os.close(fd)
        process = Forked(self, answer["pid"], scratch)
        channel = Channel(process, ours[0], ours[1], ours[2:], self._limits.output_kib << 10, self._patience)
        self._workers = [*(worker for worker in self._workers if worker.is_open), channel]
        self._gate.pass_through(channel)
        return channel

    def request(self, message: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        """Ask the zygote. It runs only our code: no answer within this time is our fault."""
        self._control.settimeout(PATIENCE_SECONDS)
        try:
            socket.send_fds(self._control, [json.dumps(message).encode()], fds)
            data = self._control.recv(4096)
        except OSError as error:
            raise GraderError(f"the worker's parent process does not answer: {error}") from error
        if not data:
            raise GraderError(f"the worker's parent process ended with code {self._zygote.poll()}")
        answer: dict[str, Any] = json.loads(data)
        return answer


class Forked:
    """A child of the zygote. Its number stays its own until the zygote is told to reap it."""

    def __init__(self, sandbox: LocalSandbox, pid: int, scratch: Scratch) -> None:
        self._sandbox = sandbox
        self._scratch = scratch
        self.pid = pid

    def excess(self) -> str:
        return self._scratch.excess()

    def end(self) -> int:
        status = self._killed()
        self._scratch.remove()
        return status

    def _killed(self) -> int:
        # The worker leads its group since `confine`; before that it is still in ours, so kill it alone too.
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError):
                kill(self.pid, signal.SIGKILL)
        try:
            status: int = self._sandbox.request({"do": "reap", "pid": self.pid}, [])["status"]
        except GraderError:  # the zygote is dead, and its workers with it
            return -signal.SIGTERM
        return status
