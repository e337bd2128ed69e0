"""Gradient checks: the student's values and gradients against the reference's.

Source of the method: the vector-Jacobian product under a random Gaussian cotangent. A cotangent of ones would
accept a softmax whose gradient is zero, since its rows sum to a constant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrade.checks.compare import ATOL, compare
from tinygrade.failures import StudentFailure

#: |got - expected| <= RTOL x the largest entry of the expected gradient (or of all of them, whichever is larger
#: by 1e-4): scale-aware, so that the key bias, whose true gradient is 0, passes with a gradient of 1e-17.
RTOL, SCALE_FLOOR = 1e-7, 1e-4


class GradCheck:
    """The fixture `gradcheck`."""

    def __init__(self, student: Any, reference: Any, rng: np.random.Generator) -> None:
        self._student = student
        self._reference = reference
        self._rng = rng

    def __call__(
        self,
        function: Callable[[Any], Any],
        args: Sequence[Any],
        *,
        wrt: Sequence[int] = (0,),
        name: str,
        arguments: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        """Check value and gradients of `function(lib)(*args)`.

        Args:
            function: picks the function from a library: `lambda lib: lib.functional.softmax`.
            args: arrays and plain values; those at `wrt` become tensors.
            wrt: positions of the arguments whose gradient is checked.
            name: what is checked, for the message.
            arguments: names of the arguments at `wrt`, for the message.

        Raises:
            StudentFailure: value or gradient differ, or a gradient is missing.
        """
        value = self._reference.fetch(function(self._reference)(*self._tensors(args, wrt), **kwargs))
        cotangent = self._rng.standard_normal(np.shape(value))  # never ones
        expected = self._reference.vjp(function(self._reference), args, cotangent, wrt, **kwargs)
        got = self._student.vjp(function(self._student), args, cotangent, wrt, **kwargs)
        if type(got) is not dict or "output" not in got or type(got.get("grads")) is not list:
            raise StudentFailure(f"{name}: what came back were not a value and its gradients")
        compare(got["output"], expected["output"], name)
        labels = arguments or [f"argument {position + 1}" for position in wrt]
        compare_gradients(
            dict(zip(labels, got["grads"], strict=False)),
            dict(zip(labels, expected["grads"], strict=False)),
            name,
        )

    def _tensors(self, args: Sequence[Any], wrt: Sequence[int]) -> list[Any]:
        return [self._reference.as_tensor(arg) if i in wrt else arg for i, arg in enumerate(args)]


def compare_gradients(got: Any, expected: dict[str, Any], name: str) -> None:
    """Compare gradients by name, each with a tolerance that knows the scale of all of them.

    Raises:
        StudentFailure: one differs; the first in the order of `expected` that does.
    """
    if type(got) is not dict:
        raise StudentFailure(f"{name}: what came back were not gradients")
    largest = max((_peak(value) for value in expected.values() if value is not None), default=0.0)
    for label, value in expected.items():
        mine = got.get(label)
        if value is None:
            continue
        if mine is None:
            raise StudentFailure(f"{name}: {label} got no gradient")
        scale = max(_peak(value), SCALE_FLOOR * largest)
        compare(mine, value, f"{name}: the gradient of {label}", rtol=0.0, atol=ATOL + RTOL * scale)


def _peak(value: Any) -> float:
    return float(np.max(np.abs(np.asarray(value)), initial=0.0))
