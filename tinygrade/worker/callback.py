"""Functions that stay on the trusted side and can be called from here: what a student's checker is to judge.

Values go out, values come back. What the function changed in its arguments is changed here, too, so that a
function that writes into its inputs does so for its caller.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .pipe import Pipe


class Callback:
    """Calls the function that the trusted side keeps under this number."""

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
