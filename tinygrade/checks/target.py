"""What a gradient check is about: one operation, as both packages have it, with names for messages."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrade.checks.calls import Positions
from tinygrade.checks.library import Handle
from tinygrade.checks.recording import Recorder
from tinygrade.checks.reference import positional
from tinygrade.diagnosis.catalogue import Catalogue

#: An operation: a path in the package such as `ops.mul`, or what picks it from a library, or a composition of
#: operations: `lambda lib: lambda a, b: lib.ops.mul(a, b) + a`.
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


def target_of(
    sides: Sides, op: Op, inputs: int, *, name: str, arguments: Sequence[str], wrt: Sequence[Positions]
) -> Target:
    """Look up `op` on both sides.

    Args:
        inputs: how many positional arguments it gets.
        name: for messages; else the last part of the path.
        arguments: names of those at `wrt`; the others are called as in the reference's signature.
    """
    student, reference = _pick(sides.student, op, inputs), _pick(sides.reference, op, inputs)
    path, names = _signature(sides, op, reference)
    about = op if isinstance(op, str) else path
    flat = [position for entry in wrt for position in ((entry,) if isinstance(entry, int) else entry)]
    for position, argument in zip(flat, arguments, strict=False):
        names += [f"argument {i + 1}" for i in range(len(names), position + 1)]
        names[position] = argument
    return Target(name or about.rpartition(".")[2] or "the function", about, student, reference, names)


def _pick(library: Any, op: Op, inputs: int) -> Any:
    if isinstance(op, str):
        found = library
        for part in op.split("."):
            found = getattr(found, part)
        return found
    found = op(library)
    return Recorder(library).program(op, inputs) if inspect.isfunction(found) else found


def _signature(sides: Sides, op: Op, reference: Any) -> tuple[str, list[str]]:
    """Path of an operation, and names of its positional arguments, as the reference or the composition calls them."""
    if isinstance(reference, Handle):
        path, names = sides.reference.signature(reference)
        return path, list(names)
    return "", positional(op(sides.reference)) if callable(op) else []
