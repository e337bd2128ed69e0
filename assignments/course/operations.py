"""Judge one operation of the tape: its values, or its gradients, on a number of inputs that have a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

#: What a case is called in a failure, and the operation's arguments.
Calls = Mapping[str, Sequence[Any]]
NAMES = ("the first argument", "the second argument", "the third argument")


class Operation:
    """The fixture `operation`."""

    def __init__(self, parity: Any, gradcheck: Any) -> None:
        self._parity = parity
        self._gradcheck = gradcheck

    def __call__(self, op: str, what: Literal["values", "gradient"], calls: Calls, wrt: Sequence[int] = (0,)) -> None:
        """Compare `ops.<op>` with the reference's on each of the calls.

        Args:
            wrt: positions of the arguments that are tensors; the others are passed as they are.

        Raises:
            StudentFailure: the first call that differs; the message says which.
        """
        for label, args in calls.items():
            if what == "values":
                self._parity(lambda lib, args=args: getattr(lib.ops, op)(*_tensors(lib, args, wrt)), f"{op} of {label}")
            else:
                names = [NAMES[position] for position in wrt] if len(wrt) > 1 else ["its argument"]
                name = f"{op} of {label}"
                self._gradcheck(lambda lib: getattr(lib.ops, op), args, wrt=wrt, name=name, arguments=names)


def _tensors(lib: Any, args: Sequence[Any], wrt: Sequence[int]) -> list[Any]:
    return [lib.tensor.Tensor(np.asarray(arg)) if i in wrt else arg for i, arg in enumerate(args)]


def broadcasts(first: np.ndarray, seconds: Sequence[np.ndarray]) -> dict[str, list[np.ndarray]]:
    """Each of `seconds` with `first`, on either side."""
    calls = {}
    for second in seconds:
        calls[f"shapes {first.shape} and {second.shape}"] = [first, second]
        calls[f"shapes {second.shape} and {first.shape}"] = [second, first]
    return calls
