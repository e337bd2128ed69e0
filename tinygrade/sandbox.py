"""The contract between checks and sandboxes: what a worker answers, and what can go wrong with it.

It stands below both families, because neither may import the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from tinygrade.model import Isolation


class WorkerError(Exception):
    """The worker gave no answer. Each kind becomes a status of the student's check."""


class WorkerTimeout(WorkerError):
    """The CPU or wall deadline passed; `place` says where the code was, or is empty."""

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(message)
        self.place = place


class WorkerDied(WorkerError):
    """The process ended by itself: an exit, a signal, or the kernel's memory killer."""

    def __init__(self, message: str, *, out_of_memory: bool = False) -> None:
        super().__init__(message)
        self.out_of_memory = out_of_memory


class WorkerNonsense(WorkerError):
    """What came back was not a frame: the student's code wrote to the pipe, or the value was too large."""


class Worker(Protocol):
    """One process for one check or one training run."""

    def ask(
        self,
        request: dict[str, Any],
        *,
        cpu_seconds: float,
        on_event: Callable[[dict[str, Any]], dict[str, Any] | None] | None = None,
        on_tick: Callable[[], dict[str, Any] | None] | None = None,
    ) -> dict[str, Any]:
        """Send a request and wait for its reply.

        Args:
            cpu_seconds: what the worker may use for this request. Wall time is capped at four times as much
                plus five seconds, not counting the time in which it was runnable but had to wait.
            on_event: called with each message that is not the reply; what it returns is sent back.
            on_tick: called about twenty times a second; what it returns is sent as a message.

        Raises:
            WorkerError: there is no reply, and the worker is dead.
        """

    def post(self, message: dict[str, Any]) -> None:
        """Send a message that has no reply."""

    def cpu_seconds(self) -> float:
        """CPU time of the process so far, as the kernel counts it."""

    def busy_seconds(self) -> float:
        """Time of its threads on a CPU, finer than `cpu_seconds`, without children; 0.0 where the system is silent."""

    def waited_seconds(self) -> float:
        """Time in which the process was runnable but had to wait for a CPU; 0.0 where the system does not tell."""

    def output(self) -> str:
        """What was printed since the last call, cut to the limit; says how much was dropped."""

    @property
    def is_open(self) -> bool:
        """Can it still be asked?"""

    def close(self) -> None:
        """Kill the process and everything in its group. May be called twice."""


class Sandbox(Protocol):
    """Makes workers."""

    def open(self, *, cpu_seconds: float) -> Worker:
        """A fresh worker. `cpu_seconds` is the resource limit behind the deadlines of `ask`."""

    def isolation(self) -> Isolation:
        """How well a worker is confined, measured by one that tries forbidden acts."""

    def slept(self) -> float:
        """Seconds in which workers did nothing, of `idle_seconds`."""

    def close(self) -> None:
        """Kill everything."""
