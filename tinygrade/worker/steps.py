"""Loops over an optimiser, and over what an iterator gives: one request instead of one for every step.

Like `loops`, these run on both sides and know nothing but the tensor class and the protocol of optimisers: `step()`
reads `.grad` and writes `.data`, `zero_grad()` forgets the gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from .surface import Surface, unwrap


def listed(surface: Surface, values: Iterable[Any], limit: int) -> list[Any]:
    """The first `limit` items of anything that can be iterated, a generator too, with arrays for tensors."""
    return [unwrap(surface, value) for value in islice(values, limit)]


def attributes(surface: Surface, values: Iterable[Any], names: Sequence[str], limit: int) -> list[list[Any]]:
    """These attributes of the first `limit` items of anything that can be iterated, with arrays for tensors."""
    return [[unwrap(surface, getattr(value, name)) for name in names] for value in islice(values, limit)]


def called(surface: Surface, f: Callable[..., Any], calls: Sequence[tuple[Sequence[Any], Mapping[str, Any]]]) -> Any:
    """What `f(*args, **kwargs)` gives for each of `calls`, with arrays for tensors."""
    return [unwrap(surface, f(*args, **kwargs)) for args, kwargs in calls]


def trajectory(
    surface: Surface,
    optimizer: Callable[..., Any],
    starts: Sequence[np.ndarray],
    gradients: Sequence[Sequence[np.ndarray | None]],
    settings: Mapping[str, Any],
    changes: Sequence[Mapping[str, Any]],
) -> list[list[np.ndarray]]:
    """One step of the optimiser for each row of `gradients`, whatever they are gradients of.

    Args:
        starts: the parameters before the first step.
        gradients: per step one gradient per parameter, None for a parameter that gets none.
        settings: keyword arguments of the optimiser.
        changes: attributes to set on the optimiser before each step; may be shorter than `gradients`.

    Returns:
        Per step a copy of every parameter.
    """
    parameters = [surface.leaf(np.array(start)) for start in starts]
    stepper = optimizer(parameters, **settings)
    path = []
    for number, step in enumerate(gradients):
        for name, value in changes[number].items() if number < len(changes) else ():
            setattr(stepper, name, value)
        for parameter, gradient in zip(parameters, step, strict=True):
            surface.set_gradient(parameter, None if gradient is None else np.array(gradient))
        stepper.step()
        path.append([np.array(surface.data(parameter)) for parameter in parameters])
    return path


def fit(
    surface: Surface,
    model: Callable[..., Any],
    loss: Callable[..., Any],
    optimizer: Any,
    x: np.ndarray,
    y: np.ndarray,
    steps: int,
) -> list[Any]:
    """Train on all of x and y at each step: clear, forward, backward, step. Gives the losses before each step."""
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        value = loss(model(x), y)
        surface.pull_back(value, None)
        optimizer.step()
        losses.append(unwrap(surface, value))
    return losses


class _Ended(Exception):
    """What ends a block of `within` on purpose."""


def within(surface: Surface, context: Any, f: Callable[..., Any], args: Sequence[Any], fail: bool) -> dict[str, Any]:
    """What `f(*args)` gives inside `with context:`, as a tensor.

    Args:
        fail: the block ends with an exception.

    Returns:
        `output`: its array; `asks`: does it ask for a gradient; `parents`: how many tensors it remembers.
    """
    seen: dict[str, Any] = {}
    try:
        with context:
            output = f(*args)
            seen["output"] = unwrap(surface, output)
            seen["asks"] = surface.is_leaf(output)
            seen["parents"] = len(output._parents)
            if fail:
                raise _Ended
    except _Ended:
        pass
    return seen
