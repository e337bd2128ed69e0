"""What must hold of any backward, whatever its numbers: nothing mutated, repeatable, nothing shared.

Each function compares arrays that came back (see `worker.evaluations`) with what was sent, and gives None or what is
wrong: the code of a diagnosis, a sentence, and evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrade.checks.evaluations import Evaluation, Question

#: Two evaluations of the same numbers may differ in the last bits, where memory is aligned differently: in parts of
#: the largest entry. Whatever is random differs by far more.
REPEATED = 1e-13


@dataclass(frozen=True)
class Fault:
    """`message` continues "<operation>: "."""

    code: str
    message: str
    evidence: dict[str, Any] = field(default_factory=dict)


def mutated(question: Question, got: Evaluation, names: Sequence[str]) -> Fault | None:
    """Forward or backward wrote into an array that it was given, or into the value that it had returned."""
    for name, before, now in _held(question, got, names, got.after):
        if changed(before, now):
            return Fault("inputs-mutated", f"it changes {name}, which it was only given", {"changed": name})
    if changed(got.output, got.after["output"]):
        return Fault("inputs-mutated", "backward changes the value that forward returned", {"changed": "the value"})
    return None


def repeated(question: Question, got: Evaluation, names: Sequence[str]) -> Fault | None:
    """A second evaluation of the same inputs, on fresh tensors, gives the same."""
    again = got.again
    assert again is not None
    if not _alike(got.output, again.output):
        return Fault("not-repeatable", "the same inputs give another value the second time", {"changes": "the value"})
    for positions, first, second in zip(question.tensors, got.grads or (), again.grads or (), strict=False):
        if not _alike(first, second):
            name = names[positions[0]]
            message = f"the same inputs give {name} another gradient the second time"
            return Fault("not-repeatable", message, {"changes": f"the gradient of {name}"})
    return None


def aliased(question: Question, got: Evaluation, names: Sequence[str]) -> Fault | None:
    """A number that was written into one gradient turned up in another array."""
    owners = [names[positions[0]] for positions in question.tensors]
    for i, (owner, now) in enumerate(zip(owners, got.marked["grads"], strict=True)):
        for j, mark in enumerate(question.marks or ()):
            if i != j and _holds(now, mark):
                return _shared(owners[j], f"the gradient of {owner}")
    value = ("its own value", got.after["output"], got.marked["output"])
    for name, _, now in [*_held(question, got, names, got.marked), value]:
        for owner, mark in zip(owners, question.marks or (), strict=True):
            if _holds(now, mark):
                return _shared(owner, name)
    return None


def _shared(owner: str, other: str) -> Fault:
    message = f"the gradient of {owner} shares its memory with {other}: writing into one changes both"
    return Fault("gradient-aliased", message, {"argument": owner, "shares_with": other})


def _held(
    question: Question, got: Evaluation, names: Sequence[str], state: Mapping[str, Any]
) -> list[tuple[str, Any, Any]]:
    """Name, what was sent, and what it is in `state`, of every array that the student's code was given."""
    inputs = zip(names, question.call.inputs, state["inputs"], strict=True)
    held: list[tuple[str, Any, Any]] = [entry for entry in inputs if isinstance(entry[1], np.ndarray)]
    if got.grads is not None:
        held.append(("the incoming gradient", question.cotangent, state["cotangent"]))
    return held


def changed(before: Any, now: Any) -> bool:
    """Is the array `now` anything but `before`?"""
    if not isinstance(now, np.ndarray) or now.dtype.kind not in "biuf" or _identical(before, now):
        return False
    if not isinstance(before, np.ndarray | np.generic):
        return False  # there was nothing that could have been written into
    with np.errstate(all="ignore"):  # a package may hold float32
        return not np.array_equal(now, before.astype(now.dtype), equal_nan=now.dtype.kind == "f")


def _identical(first: Any, second: Any) -> bool:
    """The same bits in the same shape: the ordinary case, and quickly seen."""
    if not isinstance(first, np.ndarray) or not isinstance(second, np.ndarray) or first.dtype != second.dtype:
        return False
    return first.shape == second.shape and np.asarray(first).tobytes() == np.asarray(second).tobytes()


def _holds(now: Any, mark: float) -> bool:
    return isinstance(now, np.ndarray) and now.dtype.kind == "f" and bool(np.any(now == mark))


def _alike(first: Any, second: Any) -> bool:
    if not _is_array(first) or not _is_array(second):
        return type(first) is type(second)
    if _identical(first, second):
        return True
    if np.shape(first) != np.shape(second):
        return False
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    finite = np.isfinite(first)
    scale = float(np.max(np.abs(first), initial=0.0, where=finite))
    return bool(np.allclose(first, second, rtol=0.0, atol=REPEATED * scale, equal_nan=True))


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic | int | float)
