"""Functions of ours that a worker may call: rules that a student's own gradient checker is to judge, runs of a sweep.

Student code can write such a call itself. It gets values of a function that this very worker was given, at arguments
as agreed and a bounded number of times, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrade.checks.compare import describe
from tinygrade.checks.folder import taken
from tinygrade.checks.library import Handle
from tinygrade.failures import StudentFailure
from tinygrade.worker.wire import encode

#: Calls that one worker may make: an honest checker of some twenty rules makes a few thousand.
MAX_CALLS = 10_000
Shape = tuple[int, ...]
#: What a function takes: arrays of these shapes; or plain data, and its answers are made to objects by this handle.
Takes = Sequence[Shape] | Handle


@dataclass(frozen=True)
class Inquiry:
    """One call of a function of plain data. All of it is the student's word."""

    args: list[Any]
    kwargs: Mapping[str, Any]
    #: The working folder at the time of the call, as it would be found if the worker were killed now; empty where the
    #: assignment has none.
    files: Mapping[str, bytes]


class Callbacks:
    """The functions that one worker was given.

    Args:
        scratch_mib: size of the worker's folder, 0 for none.
    """

    def __init__(self, scratch_mib: int = 0) -> None:
        self._functions: list[tuple[Callable[..., Any], list[Shape] | None]] = []
        self._scratch_mib = scratch_mib
        self._calls = 0

    def add(self, function: Callable[..., Any], takes: Takes) -> Any:
        """Keep a function; gives what the worker must know to call it.

        Args:
            function: takes float64 arrays; or an `Inquiry`, and gives a dict of the fields of its answer.
        """
        number = len(self._functions)
        if isinstance(takes, Handle):
            self._functions.append((function, None))
            return [number, takes, self._scratch_mib > 0]
        self._functions.append((function, list(takes)))
        return number

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
        if shapes is None:
            answer = {"value": function(self._inquiry(question))}
            encode(answer)
            return answer
        arrays = _as_agreed(question["args"], shapes)
        answer = {"value": function(*arrays), "after": arrays}
        encode(answer)
        return answer

    def _inquiry(self, question: dict[str, Any]) -> Inquiry:
        kwargs, files = question.get("kwargs"), question.get("files")
        if type(kwargs) is not dict:
            raise StudentFailure("a given function was called with nonsense")
        return Inquiry(question["args"], kwargs, taken(files, self._scratch_mib) if self._scratch_mib else {})


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
