"""Functions of ours that a worker may call: the rules that a student's own gradient checker is to judge.

Student code can write such a call itself. It gets values of a function that this very worker was given, at inputs
of the agreed shapes and a bounded number of times, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrade.checks.compare import describe
from tinygrade.failures import StudentFailure
from tinygrade.worker.wire import encode

#: Calls that one worker may make: an honest checker of some twenty rules makes a few thousand.
MAX_CALLS = 10_000
Shape = tuple[int, ...]


class Callbacks:
    """The functions that one worker was given."""

    def __init__(self) -> None:
        self._functions: list[tuple[Callable[..., Any], list[Shape]]] = []
        self._calls = 0

    def add(self, function: Callable[..., Any], shapes: Sequence[Shape]) -> int:
        """Keep a function of float64 arrays of these shapes; gives the number that it is called by."""
        self._functions.append((function, list(shapes)))
        return len(self._functions) - 1

    def knows(self, question: dict[str, Any]) -> bool:
        """Is this a call of one of the functions?"""
        number, args = question.get("function"), question.get("args")
        return type(number) is int and 0 <= number < len(self._functions) and type(args) is list

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Value of the function, and its arguments as they are after the call.

        Raises:
            StudentFailure: the arguments are not as agreed, or there were too many calls.
        """
        self._calls += 1
        if self._calls > MAX_CALLS:
            raise StudentFailure(f"the given functions were called more than {MAX_CALLS:,} times")
        function, shapes = self._functions[question["function"]]
        arrays = _as_agreed(question["args"], shapes)
        answer = {"value": function(*arrays), "after": arrays}
        encode(answer)
        return answer


def _as_agreed(args: list[Any], shapes: list[Shape]) -> list[np.ndarray]:
    """Fresh float64 arrays; the function may change them."""
    if len(args) != len(shapes):
        raise StudentFailure(f"a given function takes {len(shapes)} arrays and was called with {len(args)}")
    for position, (arg, shape) in enumerate(zip(args, shapes, strict=True), 1):
        is_data = isinstance(arg, np.ndarray | np.generic) or type(arg) in (int, float)
        if not is_data or np.shape(arg) != shape:
            what = f"a given function was called with {describe(arg)} as argument {position}"
            raise StudentFailure(f"{what}, expected an array of shape {shape}")
    return [np.array(arg, dtype=np.float64) for arg in args]
