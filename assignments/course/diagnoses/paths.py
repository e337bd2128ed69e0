"""What the simulations of all optimisers share: whose state a step uses, and who moves at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from tinygrade.diagnosis.observations import TrajectoryMismatch

from .formulas import Claims

#: Whose state a parameter's step uses: its own; one for all of its shape; the beginning of a long one for all; the one
#: at its place among those that move; a new one.
Owner = Literal["own", "shared", "beginning", "filtered", "fresh"]
#: What happens to a parameter without gradient.
Frozen = Literal["rests", "zero", "state only", "decays"]
#: From state, value, gradient, number of the step (from 1) and number of the call (from 1) to the new value.
Step = Callable[[dict[str, Any], np.ndarray, np.ndarray, int, int], np.ndarray]
Gradients = Sequence[Sequence[np.ndarray | None]]


def follow(
    seen: TrajectoryMismatch, step: Step, *, owner: Owner, frozen: Frozen, gradients: Gradients
) -> list[list[np.ndarray]]:
    """All parameters after each step."""
    parameters = [np.array(start, dtype=np.float64) for start in seen.starts]
    states: list[dict[str, Any]] = [{} for _ in parameters]
    by_shape: dict[tuple[int, ...], dict[str, Any]] = {p.shape: {} for p in parameters}
    longest = max(p.size for p in parameters)
    long: dict[str, np.ndarray] = {}
    calls, trace = 0, []
    for number, given in enumerate(gradients, start=1):
        place = 0
        for i, g in enumerate(given):
            if g is None and frozen == "rests":
                continue
            calls += 1
            shared = by_shape[parameters[i].shape]
            beginning = {name: flat[: parameters[i].size].reshape(parameters[i].shape) for name, flat in long.items()}
            state = {
                "own": states[i],
                "shared": shared,
                "beginning": beginning,
                "filtered": states[place],
                "fresh": {},
            }[owner]
            place += 1
            new = step(state, parameters[i], np.zeros_like(parameters[i]) if g is None else g, number, calls)
            _write_back(long, beginning, longest)
            parameters[i] = _unless_frozen(seen, frozen, g, parameters[i], new)
        trace.append([p.copy() for p in parameters])
    return trace


def _write_back(long: dict[str, np.ndarray], beginning: dict[str, np.ndarray], longest: int) -> None:
    """Put the beginning that a step has used back into the long state."""
    for name, used in beginning.items():
        flat = long.setdefault(name, np.zeros(longest))
        flat[: used.size] = np.reshape(used, -1)


def _unless_frozen(
    seen: TrajectoryMismatch, frozen: Frozen, g: np.ndarray | None, old: np.ndarray, new: np.ndarray
) -> np.ndarray:
    if g is not None or frozen == "zero":
        return new
    rate = seen.settings["lr"] * seen.settings.get("weight_decay", 0.0)
    return old * (1.0 - rate) if frozen == "decays" else old


def gradients_seen(seen: TrajectoryMismatch, which: str) -> Gradients:
    """The gradients as they were given, or as they become when nobody forgets the old ones."""
    if which == "new":
        return seen.gradients
    sums: list[np.ndarray | None] = [None] * len(seen.starts)
    found: list[list[np.ndarray | None]] = []
    for given in seen.gradients:
        sums = [g if old is None else old if g is None else old + g for old, g in zip(sums, given, strict=True)]
        found.append(list(sums))
    return found


# ---- mistakes of any optimiser ---------------------------------------------------------------------


def _late(seen: TrajectoryMismatch) -> Claims:
    """The right path, a step late: the first call only prepares."""
    yield {"steps_late": 1}, lambda: [list(seen.starts), *(list(now) for now in seen.expected[:-1])]


COMMON: dict[str, Callable[[TrajectoryMismatch], Claims]] = {
    "step-comes-late": _late,
}
