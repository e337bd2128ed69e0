"""Loops over an autograd package: one request instead of many round trips.

The same functions run on both sides: in the worker on the student's objects, in the trusted process on the
reference's. They know only what assignment.toml's `[surface]` says: a tensor class, what its data, gradient and
backward are called, and parameters that are found by path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from .evaluations import vjps
from .files import files, put
from .surface import Surface, unwrap


def vjp(
    surface: Surface,
    f: Callable[..., Any],
    args: Sequence[Any],
    cotangent: np.ndarray | None,
    wrt: Sequence[int],
    kwargs: Mapping[str, Any],
) -> dict[str, Any]:
    """Call `f` with tensors at the positions `wrt` and pull `cotangent` back through it.

    Returns:
        `output`: the result's array; `grads`: one array or None per position of `wrt`.
    """
    inputs = list(args)
    for position in wrt:
        inputs[position] = surface.leaf(args[position])
    output = f(*inputs, **kwargs)
    if not surface.is_tensor(output):
        raise TypeError(f"returned {type(output).__name__}, expected {surface.tensor.__name__}")
    surface.pull_back(output, None if cotangent is None else np.array(cotangent))
    return {"output": surface.data(output), "grads": [surface.gradient(inputs[position]) for position in wrt]}


def find(model: Any, name: str) -> Any:
    """The object at a dotted path below `model`: attributes, list positions and dict keys.

    Raises:
        AttributeError: nothing is there; the message says how far the path leads.
    """
    found = model
    walked = type(model).__name__
    for part in name.split("."):
        found = _step(found, part, f"{walked} has no '{part}' (looking for the parameter {name})")
        walked = f"{walked}.{part}"
    return found


def _step(found: Any, part: str, message: str) -> Any:
    if isinstance(found, dict) and part.isdigit() and int(part) in found:
        return found[int(part)]
    if isinstance(found, dict) and part in found:
        return found[part]
    if isinstance(found, list | tuple) and part.isdigit() and int(part) < len(found):
        return found[int(part)]
    if hasattr(found, part):
        return getattr(found, part)
    raise AttributeError(message)


def write(surface: Surface, model: Any, weights: Mapping[str, np.ndarray]) -> None:
    """Write the arrays into the parameters of these names, in place.

    Raises:
        AttributeError: a parameter is missing.
        ValueError: a parameter has another shape; both shapes are named.
    """
    for name, value in weights.items():
        array = surface.data(find(model, name))
        shape = np.shape(array)
        if shape != value.shape:
            raise ValueError(f"the parameter {name} has shape {shape}, expected {value.shape}")
        array[...] = value


def read(surface: Surface, model: Any) -> list[Any]:
    """Copies of the parameters' arrays, in the order of the surface's names."""
    return [np.array(surface.data(find(model, name))) for name in surface.names]


def gradients(surface: Surface, model: Any, names: Sequence[str] | None = None) -> dict[str, Any]:
    """The parameters' gradients by name (the surface's names unless others are given); None where there is none."""
    return {name: surface.gradient(find(model, name)) for name in (surface.names if names is None else names)}


def census(surface: Surface, model: Any) -> dict[str, Any]:
    """Every parameter that can be reached from `model`, each object once: `{path: shape}`.

    Walks attributes, lists, tuples and dicts itself, so that it does not depend on the student's `parameters()`.
    """
    found: dict[str, Any] = {}
    seen: set[int] = set()
    pending: list[tuple[str, Any]] = [("", model)]
    while pending:
        path, value = pending.pop()
        if id(value) in seen or len(seen) > 10_000:
            continue
        seen.add(id(value))
        if surface.is_tensor(value):
            if surface.is_leaf(value):
                found[path] = np.shape(surface.data(value))
            continue
        pending += [(f"{path}.{key}" if path else str(key), child) for key, child in _children(value)]
    return dict(sorted(found.items()))


def _children(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, list | tuple):
        return list(enumerate(value))
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, type | ModuleType | FunctionType | np.ndarray) or not hasattr(value, "__dict__"):
        return []
    return list(vars(value).items())


def locate(surface: Surface, value: Any) -> tuple[str, int, str]:
    """File, first line and name of a function or class: where a student should look."""
    if isinstance(value, type):
        functions = [v for v in vars(value).values() if isinstance(v, FunctionType)]
        lines = [f.__code__.co_firstlineno for f in functions]
        if not functions:
            return "", 0, value.__name__
        return functions[0].__code__.co_filename, min(lines), value.__name__
    code = getattr(value, "__code__", None)
    if not isinstance(code, CodeType):
        return "", 0, ""
    return code.co_filename, code.co_firstlineno, code.co_name


#: What the trusted side may ask for by name.
ROUTINES: dict[str, Callable[..., Any]] = {
    f.__name__: f for f in (unwrap, vjp, vjps, write, read, gradients, census, locate, files, put)
}
