"""How long a worker may take: CPU seconds as the kernel counts them, wall seconds behind them, and sleep altogether.

Without the last, a submission could sleep a wall cap in each of its checks, for half an hour in all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tinygrade.sandboxes.clock import Clock

#: Wall time is capped at WALL_FACTOR x CPU + WALL_EXTRA seconds, not counting time spent waiting for a CPU.
WALL_FACTOR, WALL_EXTRA = 4, 5


class Patience:
    """Seconds in which all workers of a submission together may do nothing."""

    #: What each request has, however much was slept before: a reply takes a moment to come.
    LEAST = 0.5

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._spent = 0.0

    def slept(self) -> float:
        return self._spent

    def left(self) -> float:
        return max(self.LEAST, self.seconds - self._spent)

    def spend(self, seconds: float) -> None:
        # Also below zero: CPU time comes in ticks of 10 ms, which only add up right when none is rounded away.
        self._spent += seconds


class Deadline:
    """Of one request to a worker, by the worker's clock and by our own.

    `idle` seconds of earlier requests count towards the wall cap.
    """

    def __init__(
        self, worker: Clock, ours: Clock, cpu_seconds: float, idle: float = 0.0, patience: Patience | None = None
    ) -> None:
        self._worker = worker
        self._we = ours
        self._limit = cpu_seconds
        self._cpu = worker.cpu_seconds()
        self._waited = worker.waited_seconds()
        self._idle = idle
        self._patience = patience
        self._start = time.monotonic()
        self._we_waited = ours.waited_seconds()
        #: Seconds in which the worker could only wait for us.
        self._ours = 0.0
        self._slept = 0.0

    def passed(self) -> str:
        """Which limit was passed, in words; "" when none was."""
        if self._used() > self._limit:
            return f"it used more than {self._limit:g} s of CPU time"
        cap = WALL_FACTOR * self._limit + WALL_EXTRA
        if self._wall() + self._idle > cap:
            return f"there was no answer within {cap:g} s"
        if self._patience is not None and self._sleep() > self._patience.left():
            return f"it slept: all checks of a submission together may do so for {self._patience.seconds:g} s"
        return ""

    @contextmanager
    def answering(self) -> Iterator[None]:
        """While the worker waits for our answer, it does not sleep."""
        start = time.monotonic()
        try:
            yield
        finally:
            self._ours += time.monotonic() - start

    def answered(self) -> float:
        """The reply is here, and the worker still lives.

        Gives the seconds in which it did nothing, those of earlier requests included.
        """
        resting = self._resting()
        self._slept = resting - self._held_up()
        return self._idle + max(0.0, resting)

    def close(self) -> None:
        """Spend what was slept, as it was when the worker was last seen alive."""
        if self._patience is not None:
            self._patience.spend(self._slept)

    def _sleep(self) -> float:
        """Seconds in which the worker neither computed nor waited for a CPU or for us."""
        self._slept = self._resting() - self._held_up()
        return self._slept

    def _resting(self) -> float:
        """Seconds in which the worker neither computed nor waited for a CPU."""
        return self._wall() - self._used()

    def _held_up(self) -> float:
        """Seconds in which the worker could only wait for us."""
        return self._ours + self._we.waited_seconds() - self._we_waited

    def _used(self) -> float:
        return self._worker.cpu_seconds() - self._cpu

    def _wall(self) -> float:
        return time.monotonic() - self._start - (self._worker.waited_seconds() - self._waited)
