"""What a gradient check is about: one operation, as both packages have it, with names for messages."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrade.checks.calls import Positions
from tinygrade.checks.library import Handle
from tinygrade.diagnosis.catalogue import Catalogue

#: An operation: a path in the package such as `ops.mul`, or what picks it from a library.
Op = str | Callable[[Any], Any]


@dataclass(frozen=True)
class Sides:
    """The two libraries, where random numbers come from, and which mistakes have names."""

    student: Any
    reference: Any
    rng: np.random.Generator
    catalogue: Catalogue


@dataclass(frozen=True)
class Target:
    """The function that is checked, on both sides.

    Attributes:
        about: its path in the package, or "" when that is not known.
        names: of the positional arguments, as far as they are known.
    """

    name: str
    about: str
    student: Any
    reference: Any
    names: Sequence[str]

    def argument(self, position: int) -> str:
        return self.names[position] if position < len(self.names) else f"argument {position + 1}"


def target_of(sides: Sides, op: Op, name: str, arguments: Sequence[str], wrt: Sequence[Positions]) -> Target:
    """Look up `op` on both sides.

    Args:
        name: for messages; else the last part of the path.
        arguments: names of those at `wrt`; the others are called as in the reference's signature.
    """
    student, reference = _pick(sides.student, op), _pick(sides.reference, op)
    about = op if isinstance(op, str) else _path(reference)
    names = _signature(reference)
    flat = [position for entry in wrt for position in ((entry,) if isinstance(entry, int) else entry)]
    for position, argument in zip(flat, arguments, strict=False):
        names += [f"argument {i + 1}" for i in range(len(names), position + 1)]
        names[position] = argument
    return Target(name or about.rpartition(".")[2] or "the function", about, student, reference, names)


def _pick(library: Any, op: Op) -> Any:
    if not isinstance(op, str):
        return op(library)
    found = library
    for part in op.split("."):
        found = getattr(found, part)
    return found


def _payload(function: Any) -> Any:
    return function.payload if isinstance(function, Handle) else None


def _path(function: Any) -> str:
    """`module.name` of a function of the reference; "" when it cannot be told."""
    payload = _payload(function)
    module = str(getattr(payload, "__module__", "")).rpartition(".")[2]
    name = getattr(payload, "__name__", "")
    return f"{module}.{name}" if module and name else ""


def _signature(function: Any) -> list[str]:
    try:
        parameters = inspect.signature(_payload(function)).parameters.values()
    except (TypeError, ValueError):
        return []
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [parameter.name for parameter in parameters if parameter.kind in positional]
