"""Loops that run where the library is, in one request, and give plain data of a known form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinygrade.failures import StudentFailure

NO_ANSWER = "what came back was not an answer"

#: Per step one gradient per parameter; None for a parameter that gets none.
Gradients = Sequence[Sequence["np.ndarray | None"]]


def listed(lib: Any, values: Any, limit: int) -> list[Any]:
    """The first `limit` items of anything that can be iterated, a generator too, as plain data."""
    found = lib.loop("listed", values, limit)
    if type(found) is not list or len(found) > limit:
        raise StudentFailure(NO_ANSWER)
    return found


def attributes(lib: Any, values: Any, names: Sequence[str], limit: int) -> list[dict[str, Any]]:
    """These attributes of the first `limit` items of anything that can be iterated, as plain data by name."""
    found = lib.loop("attributes", values, list(names), limit)
    if type(found) is not list or len(found) > limit:
        raise StudentFailure(NO_ANSWER)
    if not all(type(item) is list and len(item) == len(names) for item in found):
        raise StudentFailure(NO_ANSWER)
    return [dict(zip(names, item, strict=True)) for item in found]


def called(lib: Any, f: Any, calls: Sequence[tuple[Sequence[Any], Mapping[str, Any]]]) -> list[Any]:
    """What `f(*args, **kwargs)` gives for each of `calls`, as plain data."""
    found = lib.loop("called", f, [(list(args), dict(kwargs)) for args, kwargs in calls])
    if type(found) is not list or len(found) != len(calls):
        raise StudentFailure(NO_ANSWER)
    return found


def path(
    lib: Any,
    optimizer: Any,
    starts: Sequence[np.ndarray],
    gradients: Gradients,
    settings: Mapping[str, Any],
    changes: Sequence[Mapping[str, Any]] = (),
) -> list[list[Any]]:
    """The parameters after each step of an optimiser (see `worker.steps.trajectory`).

    Returns:
        Per step one value per parameter: arrays, if the library is right.
    """
    found = lib.loop("trajectory", optimizer, list(starts), list(gradients), dict(settings), list(changes))
    if type(found) is not list or len(found) != len(gradients):
        raise StudentFailure(NO_ANSWER)
    if not all(type(step) is list and len(step) == len(starts) for step in found):
        raise StudentFailure(NO_ANSWER)
    return found


def fit(lib: Any, model: Any, loss: Any, optimizer: Any, x: np.ndarray, y: np.ndarray, steps: int) -> list[Any]:
    """Train on all of x and y at each step (see `worker.steps.fit`); the losses that were reported."""
    found = lib.loop("fit", model, loss, optimizer, x, y, steps)
    if type(found) is not list or len(found) != steps:
        raise StudentFailure(NO_ANSWER)
    return found


def within(lib: Any, context: Any, f: Any, args: Sequence[Any], *, fail: bool = False) -> dict[str, Any]:
    """What `f(*args)` gives inside `with context:` (see `worker.steps.within`): `output`, `asks`, `parents`."""
    found = lib.loop("within", context, f, list(args), fail)
    if type(found) is not dict or set(found) != {"output", "asks", "parents"}:
        raise StudentFailure(NO_ANSWER)
    return found
