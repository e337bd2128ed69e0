"""How well workers are confined: what a canary could do, and that no worker is confined less than it was."""

from __future__ import annotations

from typing import Any, Protocol

from tinygrade.errors import GraderError
from tinygrade.isolation import Isolation, level
from tinygrade.sandbox import Worker, WorkerError

#: Setting up a worker is our work: it takes milliseconds, and seconds on a machine that swaps.
SETUP_CPU_SECONDS = 10.0


class Starting(Protocol):
    """A worker that has not loaded student code yet."""

    def hear(self, *, cpu_seconds: float) -> dict[str, Any]: ...

    def close(self) -> None: ...


class Gate:
    """Lets a worker through once it has said how it confined itself, before any student code is there.

    All workers of a sandbox must say the same. That it could not be confined, or less than others, is a fault of
    ours or of the machine, never a student's.
    """

    def __init__(self) -> None:
        self.applied: dict[str, Any] | None = None

    def pass_through(self, worker: Starting) -> None:
        """Raises GraderError when student code must not be sent to this worker."""
        try:
            message = worker.hear(cpu_seconds=SETUP_CPU_SECONDS)
        except WorkerError as error:
            raise GraderError(f"a worker ended before it was confined: {error}") from error
        applied = message.get("applied")
        if type(applied) is not dict:
            worker.close()
            raise GraderError(f"a worker could not be confined: {message.get('unconfined')}")
        if self.applied is not None and applied != self.applied:
            worker.close()
            raise GraderError(f"a worker was confined differently: {applied}, not {self.applied}")
        self.applied = applied


def measured(canary: Worker, gate: Gate) -> Isolation:
    """Ask a worker that tries forbidden acts which of them worked."""
    try:
        message = canary.ask({"do": "canary", "args": []}, cpu_seconds=5.0)
    except WorkerError as error:
        return Isolation("none", (f"the test of the isolation failed: {error}",), **(gate.applied or {}))
    finally:
        canary.close()
    possible = tuple(str(act) for act in message.get("value", ()))
    return Isolation(level(possible), possible, **(gate.applied or {}))
