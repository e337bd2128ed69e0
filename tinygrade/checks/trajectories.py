"""Optimisers by their steps: parameters after each of a few steps, on gradients that the check draws.

Final values would not tell where two paths part, and a loss that falls proves little: most wrong optimisers learn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinygrade.checks.compare import ATOL, RTOL, compare, require
from tinygrade.checks.diagnosing import diagnosed, worst_entry
from tinygrade.checks.loops import Gradients, path
from tinygrade.checks.parity import unmarked
from tinygrade.diagnosis.catalogue import Catalogue
from tinygrade.diagnosis.observations import TrajectoryMismatch
from tinygrade.failures import StudentFailure


class Trajectory:
    """The fixture `trajectory`."""

    def __init__(self, student: Any, reference: Any, catalogue: Catalogue | None = None) -> None:
        self._student = student
        self._reference = reference
        self._catalogue = catalogue or Catalogue()

    def __call__(
        self,
        optimizer: str,
        starts: Sequence[np.ndarray],
        gradients: Gradients,
        *,
        changes: Sequence[Mapping[str, Any]] = (),
        rtol: float = RTOL,
        atol: float = ATOL,
        **settings: Any,
    ) -> None:
        """Take one step for each row of `gradients` with both packages, and compare after each step.

        Args:
            optimizer: path of the class, such as `optim.SGD`; it is made as `SGD(tensors, **settings)`.
            starts: the parameters before the first step.
            gradients: per step one gradient per parameter, None for a parameter that gets none.
            changes: attributes to set on the optimiser before each step: `[{}, {"lr": 0.1}]`.

        Raises:
            StudentFailure: a parameter differs; the message tells the first step and parameter where one does, and
                both values. It has a diagnosis where the catalogue recognises the mistake.
        """
        got = self._path(self._student, optimizer, starts, gradients, settings, changes)
        expected = self._path(self._reference, optimizer, starts, gradients, settings, changes)
        self._foresee(optimizer, starts, gradients, settings, changes)
        for step, number in np.ndindex(len(gradients), len(starts)):
            name = f"{described(optimizer, settings)} after step {step + 1} of {len(gradients)}: parameter {number + 1}"
            try:
                compare(got[step][number], expected[step][number], name, rtol=rtol, atol=atol)
            except StudentFailure as failure:
                seen = TrajectoryMismatch(
                    optimizer, settings, starts, gradients, got, unmarked(expected), self._reference
                )
                facts = {"step": step + 1, "parameter": number + 1}
                facts |= worst_entry(got[step][number], seen.expected[step][number])
                raise diagnosed(failure, self._catalogue, seen, facts) from None

    def own(
        self,
        optimizer: str,
        starts: Sequence[np.ndarray],
        gradients: Gradients,
        *,
        changes: Sequence[Mapping[str, Any]] = (),
        **settings: Any,
    ) -> list[list[np.ndarray]]:
        """The student's path alone, for properties that hold whatever the formula: `path[step][parameter]`.

        Raises:
            StudentFailure: a parameter is no finite array of its shape any more.
        """
        self._foresee(optimizer, starts, gradients, settings, ())  # as `failure` would see it
        found = self._path(self._student, optimizer, starts, gradients, settings, changes)
        for step, parameters in enumerate(found, 1):
            for number, (value, start) in enumerate(zip(parameters, starts, strict=True)):
                name = f"{described(optimizer, settings)} after step {step}: parameter {number + 1}"
                require(value, shape=start.shape, dtype="f", finite=True, name=name)
        return found

    def failure(
        self,
        message: str,
        optimizer: str,
        starts: Sequence[np.ndarray],
        gradients: Gradients,
        got: Sequence[Sequence[Any]],
        **settings: Any,
    ) -> StudentFailure:
        """A property does not hold of the student's path `got`: `message`, and the mistake that the path shows."""
        expected = unmarked(self._path(self._reference, optimizer, starts, gradients, settings, ()))
        seen = TrajectoryMismatch(optimizer, settings, starts, gradients, got, expected, self._reference)
        return diagnosed(StudentFailure(message), self._catalogue, seen, {})

    def _foresee(self, optimizer: str, starts: Any, gradients: Gradients, settings: Any, changes: Any) -> None:
        def observed() -> Iterator[TrajectoryMismatch]:
            expected = unmarked(self._path(self._reference, optimizer, starts, gradients, settings, changes))
            yield TrajectoryMismatch(
                optimizer, settings, starts, gradients, expected, expected, self._reference
            )

        self._catalogue.foresee(observed)

    def _path(
        self,
        lib: Any,
        optimizer: str,
        starts: Sequence[np.ndarray],
        gradients: Gradients,
        settings: Mapping[str, Any],
        changes: Sequence[Mapping[str, Any]],
    ) -> list[list[Any]]:
        module, _, name = optimizer.rpartition(".")
        return path(lib, getattr(getattr(lib, module), name), starts, gradients, settings, changes)


def described(optimizer: str, settings: Mapping[str, Any]) -> str:
    """`AdamW(lr=0.1)` for `optim.AdamW`."""
    return f"{optimizer.rpartition('.')[2]}({', '.join(f'{key}={value}' for key, value in settings.items())})"
