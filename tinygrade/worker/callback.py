"""Functions that stay on the trusted side and can be called from here: what a student's code is to judge or to use.

Values go out, values come back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .files import files
from .pipe import Pipe


class Callback:
    """Calls the function of arrays that the trusted side keeps under this number.

    What the function changed in its arguments is changed here, too, so that a function that writes into its inputs does
    so for its caller.
    """

    def __init__(self, pipe: Pipe, number: int) -> None:
        self._pipe = pipe
        self._number = number

    def __call__(self, *args: Any) -> Any:
        self._pipe.send({"event": "call", "function": self._number, "args": list(args)})
        answer = self._pipe.receive()
        for arg, after in zip(args, answer["after"], strict=True):
            if isinstance(arg, np.ndarray) and not np.array_equal(arg, after, equal_nan=True):
                arg[...] = after
        return answer["value"]


class Inquiry:
    """Calls the function of plain data under this number, and makes an object of its answer.

    Args:
        make: called with the fields of the answer.
        with_files: tell what the working folder holds at the time of the call. It is what would be left if this process
            were killed now: what was written and not flushed is not in it.
    """

    def __init__(self, pipe: Pipe, number: int, make: Callable[..., Any], with_files: bool) -> None:
        self._pipe = pipe
        self._number = number
        self._make = make
        self._with_files = with_files

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        found = files(None) if self._with_files else {}
        question = {"event": "call", "function": self._number, "args": list(args), "kwargs": kwargs, "files": found}
        self._pipe.send(question)
        return self._make(**self._pipe.receive()["value"])


def made(pipe: Pipe, entry: Any) -> Callback | Inquiry:
    """The function for one entry of the trusted side's list: a number, or number, maker and whether it wants files."""
    return Callback(pipe, entry) if isinstance(entry, int) else Inquiry(pipe, *entry)
