"""The sandbox for Linux: a zygote that forks a worker per check or training run."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from tinygrade.errors import GraderError
from tinygrade.model import Isolation, Limits
from tinygrade.sandboxes import clock
from tinygrade.sandboxes.channel import Channel
from tinygrade.sandboxes.deadline import Patience
from tinygrade.sandboxes.isolation import Gate, measured
from tinygrade.sandboxes.scratch import Scratch
from tinygrade.worker.wire import JOINED

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
    """See `tinygrade.sandbox.Sandbox`.

    While a worker runs a check, the next one is forked and confines itself beside it, with nothing of anybody's in it.
    A fork of this process shares the zygote and keeps none: it would take answers for its own that are another's.
    """

    def __init__(self, limits: Limits, without: Collection[str] = (), scratch: Path | None = None) -> None:
        self._limits = limits
        self._without = tuple(without)
        self._scratch = scratch
        self._gate = Gate()
        self._patience = Patience(limits.idle_seconds)
        self._workers: list[Channel] = []
        self._owner = os.getpid()
        self._spare: _Begun | None = None
        #: What takes the answers that the zygote still owes, in their order.
        self._awaited: deque[Callable[[dict[str, Any]], None]] = deque()
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
        usual = cpu_seconds == self._limits.cpu_seconds
        channel = (self._taken() if usual else None) or self._forked(cpu_seconds, canary=False)
        if usual and os.getpid() == self._owner and self._spare is None:
            with contextlib.suppress(GraderError):  # who needs it will see
                self._spare = self._begin(cpu_seconds, canary=False)
        return channel

    def isolation(self) -> Isolation:
        return measured(self._forked(5.0, canary=True), self._gate)

    def slept(self) -> float:
        return self._patience.slept()

    def close(self) -> None:
        for worker in self._workers:
            worker.close()
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.close()
        self._control.close()
        self._zygote.kill()
        self._zygote.wait(10)

    # ---- workers ----

    def _taken(self) -> Channel | None:
        """The spare, if there is one that lives and is confined as it must be."""
        spare, self._spare = self._spare, None
        if spare is None:
            return None
        try:
            self._settle()
            if clock.is_alive(spare.pid):
                return self._passed(spare)
        except GraderError:  # a new one tells more
            return None
        # Student code that may send signals has ended it, or the system for lack of memory.
        Forked(self, spare.pid, spare.scratch).end()
        spare.close()
        return None

    def _forked(self, cpu_seconds: float, *, canary: bool) -> Channel:
        """Student code that may send signals may end the zygote: then a new one takes its place, once."""
        try:
            begun = self._begin(cpu_seconds, canary=canary)
            self._settle()
        except GraderError:
            self._control.close()
            self._zygote.kill()
            self._zygote.wait(10)
            self._awaited.clear()
            self._start_zygote()
            begun = self._begin(cpu_seconds, canary=canary)
            self._settle()
        return self._passed(begun)

    def _begin(self, cpu_seconds: float, *, canary: bool) -> _Begun:
        """Ask for a worker; it is there when the zygote has answered."""
        begun = _Begun(Scratch(self._scratch, self._limits.scratch_mib))
        theirs: list[int] = []
        for readable_by_us in (False, True, True, True):  # requests, replies, stdout, stderr
            r, w = os.pipe()
            begun.ends.append(r if readable_by_us else w)
            theirs.append(w if readable_by_us else r)
        scratch = begun.scratch.request
        limits = {"memory_mib": self._limits.memory_mib, "cpu_seconds": cpu_seconds, "scratch": scratch}
        try:
            self._send({"do": "fork", "limits": limits, "canary": canary}, theirs, begun.started)
        except GraderError:
            begun.close()
            raise
        finally:
            for fd in theirs:
                os.close(fd)
        return begun

    def _passed(self, begun: _Begun) -> Channel:
        requests, replies, *prints = begun.ends
        _widen(requests)  # not before: one that only waits needs no share of what an ordinary user may take
        process = Forked(self, begun.pid, begun.scratch)
        channel = Channel(process, requests, replies, prints, self._limits.output_kib << 10, self._patience)
        self._workers = [*(worker for worker in self._workers if worker.is_open), channel]
        self._gate.pass_through(channel)
        return channel

    # ---- the zygote ----

    def request(self, message: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        """Ask the zygote, and wait for the answer."""
        answers: list[dict[str, Any]] = []
        self._send(message, fds, answers.append)
        self._settle()
        return answers[0]

    def _send(self, message: dict[str, Any], fds: list[int], then: Callable[[dict[str, Any]], None]) -> None:
        self._control.settimeout(PATIENCE_SECONDS)
        try:
            socket.send_fds(self._control, [json.dumps(message).encode()], fds)
        except OSError as error:
            raise GraderError(f"the worker's parent process does not answer: {error}") from error
        self._awaited.append(then)

    def _settle(self) -> None:
        """Take all answers. The zygote runs only our code: none within this time is our fault."""
        while self._awaited:
            try:
                data = self._control.recv(4096)
            except OSError as error:
                raise GraderError(f"the worker's parent process does not answer: {error}") from error
            if not data:
                raise GraderError(f"the worker's parent process ended with code {self._zygote.poll()}")
            self._awaited.popleft()(json.loads(data))


def _widen(pipe: int) -> None:
    """Let a whole package be written at once: by the 64 KiB of an ordinary pipe it takes five turns of both sides."""
    import fcntl  # here, because this module is loaded everywhere, and used on Linux

    with contextlib.suppress(OSError):  # the share is used up
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, JOINED)


class _Begun:
    """A worker that was asked for, and our ends of its pipes."""

    def __init__(self, scratch: Scratch) -> None:
        self.scratch = scratch
        self.ends: list[int] = []
        self.pid = 0

    def started(self, answer: dict[str, Any]) -> None:
        self.pid = answer["pid"]

    def close(self) -> None:
        """Nobody needs it: without its pipes it ends by itself, and with its parent at the latest."""
        for fd in self.ends:
            os.close(fd)
        self.scratch.remove()


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
