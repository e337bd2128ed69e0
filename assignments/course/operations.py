"""Judge one operation of the tape: its values, or its gradients, on a number of inputs that have a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from tinygrade.checks.calls import Call

VERDICTS = {"values": "forward", "gradient": "backward"}
#: Whether gradients share memory is a question to the walk over the graph, and asked there.
ALLOWED = ("gradient-aliased",)


class Operation:
    """The fixture `operation`."""

    def __init__(self, gradcheck: Any) -> None:
        self._gradcheck = gradcheck

    def __call__(
        self,
        op: str,
        what: Literal["values", "gradient"],
        calls: Mapping[str, Sequence[Any]],
        wrt: Sequence[int] = (0,),
    ) -> None:
        """Compare `ops.<op>` with the reference's on each of the calls.

        Args:
            calls: arguments by what they are called in a failure.
            wrt: positions of the arguments that are tensors; the others are passed as they are.

        Raises:
            StudentFailure: the first call that differs; the message says which.
        """
        made = [Call(args, label=label) for label, args in calls.items()]
        self._gradcheck.calls(f"ops.{op}", made, wrt=wrt, verdict=VERDICTS[what], allow=ALLOWED)
