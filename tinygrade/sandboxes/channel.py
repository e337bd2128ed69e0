"""Talk to one worker process: frames over pipes, with the clock on our side.

Every wait has a deadline. While we wait, what the worker prints is drained, so that it can neither block on a
full pipe nor fill our memory.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

from tinygrade.sandbox import WorkerDied, WorkerNonsense, WorkerTimeout
from tinygrade.sandboxes import clock
from tinygrade.sandboxes.clock import Clock
from tinygrade.sandboxes.deadline import Deadline, Patience
from tinygrade.sandboxes.output import Output
from tinygrade.worker.wire import Frames, WireError, encode

try:
    import fcntl
    import termios
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

POLL_SECONDS = 0.05
#: What two full pipes hold, and much more.
MOST_READS = 64
#: Unread bytes in the request pipe above which messages about the budget are left out; a pipe holds 64 KiB or more.
PIPE_ROOM = 16 << 10


class Process(Protocol):
    """The process at the other end."""

    pid: int

    def end(self) -> int:
        """Kill the whole group, wait, and give the exit code (negative: the signal)."""

    def excess(self) -> str:
        """Why it must end although it is within its time, in words; "" when there is no reason."""


class Channel:
    """A `Worker` (see `tinygrade.sandbox`) on four pipe ends: requests, replies, stdout, stderr."""

    def __init__(
        self,
        process: Process,
        requests: int,
        replies: int,
        prints: list[int],
        limit: int,
        patience: Patience | None = None,
    ) -> None:
        self._process = process
        self._clocks = Clock(process.pid), Clock(os.getpid())
        self._patience = patience
        self._requests = requests
        os.set_blocking(requests, False)  # a worker that does not read must not block us
        self._replies = replies
        self._prints = list(prints)
        self._frames = Frames()
        self._output = Output(limit)
        self._exit: int | None = None
        self._next_tick = 0.0
        #: Seconds in which earlier requests neither computed nor waited for a CPU: sleep is not free with each of them.
        self._idle = 0.0

    # ---- the Worker protocol -----------------------------------------------------------------------

    def ask(
        self,
        request: dict[str, Any],
        *,
        cpu_seconds: float,
        on_event: Callable[[dict[str, Any]], dict[str, Any] | None] | None = None,
        on_tick: Callable[[], dict[str, Any] | None] | None = None,
    ) -> dict[str, Any]:
        deadline = Deadline(*self._clocks, cpu_seconds, self._idle, self._patience)
        try:
            self.post(request)
            while True:
                message = self._next(deadline, on_tick)
                if "event" not in message:
                    self._idle = deadline.answered()
                    return message
                with deadline.answering():
                    answer = on_event(message) if on_event else None
                if answer is not None:
                    self.post(answer)
        finally:
            deadline.close()

    def hear(self, *, cpu_seconds: float) -> dict[str, Any]:
        """What the worker says without being asked. Raises WorkerError as `ask` does."""
        return self._next(Deadline(*self._clocks, cpu_seconds), None)

    def post(self, message: dict[str, Any]) -> None:
        if self._exit is not None:
            raise WorkerDied("its process has ended")
        deadline = None  # most messages fit into the pipe at once
        for piece in encode(message):
            view = memoryview(piece)
            while view:
                if written := self._write(view):
                    view = view[written:]
                else:
                    deadline = deadline or Deadline(*self._clocks, 5.0)
                    self._wait_for_room(deadline)

    def cpu_seconds(self) -> float:
        return self._clocks[0].cpu_seconds()

    def busy_seconds(self) -> float:
        return clock.busy_seconds(self._process.pid)

    def waited_seconds(self) -> float:
        return self._clocks[0].waited_seconds()

    def output(self) -> str:
        self._drain_prints()
        return self._output.take()

    @property
    def is_open(self) -> bool:
        return self._exit is None

    def close(self) -> None:
        if self._exit is None:
            self._exit = self._process.end()
            self._drain_prints()
            for fd in (self._requests, self._replies, *self._prints):
                os.close(fd)
            self._prints = []
            for each in self._clocks:
                each.close()

    # ---- waiting -----------------------------------------------------------------------------------

    def _next(self, deadline: Deadline, on_tick: Callable[[], dict[str, Any] | None] | None) -> dict[str, Any]:
        """The next whole message."""
        while True:
            # Before every message, so that a worker that never stops sending cannot keep us from the clock.
            if time.monotonic() >= self._next_tick:
                self._next_tick = time.monotonic() + POLL_SECONDS
                self._check(deadline)
                if on_tick is not None and (post := on_tick()) is not None and self._has_room():
                    self.post(post)
            message = self._parsed()
            if message is not None:
                return message
            self._drain(POLL_SECONDS)

    def _has_room(self) -> bool:
        """A worker that does not read its messages misses some of them; it must not block us."""
        return fcntl is None or _unread(self._requests) < PIPE_ROOM

    def _parsed(self) -> dict[str, Any] | None:
        try:
            ready = self._frames.next()
        except WireError as error:
            self._nonsense(f": {error}")
        if ready is None:
            return None
        if type(ready[0]) is not dict or not all(type(key) is str for key in ready[0]):
            self._nonsense()
        message: dict[str, Any] = ready[0]
        if "event" in message and type(message["event"]) is not str:
            self._nonsense()
        return message

    def _feed(self, data: bytes) -> None:
        try:
            self._frames.feed(data)
        except WireError as error:
            self._nonsense(f": {error}")

    def _nonsense(self, why: str = "") -> NoReturn:
        self.close()
        raise WorkerNonsense(f"what came back was not an answer{why}")

    def _drain(self, seconds: float) -> bool:
        """Read what is there from all pipes; wait up to `seconds` for the first byte. True when there was any."""
        ready, _, _ = select.select([self._replies, *self._prints], [], [], seconds)
        for fd in ready:
            if fd != self._replies:
                self._read_print(fd)
            elif data := os.read(fd, 1 << 16):
                self._feed(data)
            else:
                self._died()
        return bool(ready)

    def _drain_prints(self) -> None:
        """Read what was printed so far; it is no matter here whether the worker has died, or never stops."""
        for _ in range(MOST_READS):
            if not self._wait_for_prints(0.0):
                break

    def _wait_for_prints(self, seconds: float) -> bool:
        """Read what is there from the prints alone; wait up to `seconds` for it. True when there was any."""
        ready = select.select(self._prints, [], [], seconds)[0] if self._prints else []
        for fd in ready:
            self._read_print(fd)
        return bool(ready)

    def _read_print(self, fd: int) -> None:
        if data := os.read(fd, 1 << 16):
            self._output.feed(data)
        else:
            self._prints.remove(fd)
            os.close(fd)

    def _write(self, view: memoryview) -> int:
        """Write what the pipe has room for, which may be nothing."""
        try:
            return os.write(self._requests, view)
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            self._died()

    def _wait_for_room(self, deadline: Deadline) -> None:
        while not select.select([], [self._requests], [], POLL_SECONDS)[1]:
            self._drain(0.0)  # a worker that prints without reading must not block us
            self._check(deadline)

    def _check(self, deadline: Deadline) -> None:
        passed = deadline.passed()
        if passed:
            prints = self._output.take()
            place = self._where()
            self.close()
            self._output.take()  # the rest of the stack that `_where` asked for
            self._output.feed(prints.encode())
            raise WorkerTimeout(passed, place)
        if excess := self._process.excess():
            self.close()
            raise WorkerDied(excess)

    def _where(self) -> str:
        """Ask the interpreter, not the student's code, where it is (faulthandler on SIGUSR1)."""
        try:
            os.kill(self._process.pid, signal.SIGUSR1)
        except (OSError, AttributeError):
            return ""
        end = time.monotonic() + 0.2
        seen = False  # the stack comes line by line: read until no more comes
        # Prints only: a worker that took the signal's handler away dies of it, which is no crash of its own.
        while time.monotonic() < end and self._prints:
            more = self._wait_for_prints(0.05)
            if seen and not more:
                break
            seen = seen or more
        return self._output.take()

    def _ends_by_itself(self) -> bool:
        """Is the process at its end, or does it live on without the pipe?"""
        patience = time.monotonic() + 0.5
        while clock.is_alive(self._process.pid):
            if time.monotonic() > patience:
                return False
            time.sleep(0.005)
        return True

    def _died(self) -> NoReturn:
        ended = self._ends_by_itself()
        self.close()
        if not ended:
            raise WorkerDied("it closed its connection to the grader")
        code = self._exit or 0
        if code == -signal.SIGKILL:
            raise WorkerDied("the system ended its process for lack of memory", out_of_memory=True)
        if hasattr(signal, "SIGXCPU") and code == -signal.SIGXCPU:
            raise WorkerTimeout("the CPU time limit was reached")
        if code < 0:
            raise WorkerDied(f"its process was ended by {signal.Signals(-code).name}")
        raise WorkerDied(f"its process ended with exit code {code}")


def _unread(fd: int) -> int:
    """Bytes that were written to a pipe and not read yet."""
    assert fcntl is not None
    count = bytearray(4)
    fcntl.ioctl(fd, termios.FIONREAD, count)
    return int.from_bytes(count, sys.byteorder)
