"""From what a canary could do to the level of isolation that is printed on every run."""

from __future__ import annotations

from tinygrade.model import Isolation
from tinygrade.sandbox import Worker, WorkerError


def measured(canary: Worker) -> Isolation:
    """Ask a worker that tries forbidden acts which of them worked."""
    try:
        message = canary.ask({"do": "canary", "args": []}, cpu_seconds=5.0)
    except WorkerError as error:
        return Isolation("none", (f"the test of the isolation failed: {error}",))
    finally:
        canary.close()
    possible = tuple(str(act) for act in message.get("value", ()))
    if not possible:
        return Isolation("strong")
    # Without a memory limit nothing at all holds back an accident.
    return Isolation("none" if "memory" in possible else "weak", possible)
