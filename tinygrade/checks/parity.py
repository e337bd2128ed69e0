"""The commonest check: evaluate one expression with the student's package and with the reference, and compare."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from tinygrade.checks.compare import ATOL, RTOL, compare
from tinygrade.checks.diagnosing import diagnosed, worst_entry
from tinygrade.checks.library import Library
from tinygrade.diagnosis.catalogue import Catalogue
from tinygrade.diagnosis.observations import ValueMismatch
from tinygrade.failures import StudentFailure


class Parity:
    """The fixture `parity`."""

    def __init__(self, student: Library, reference: Library, catalogue: Catalogue | None = None) -> None:
        self._student = student
        self._reference = reference
        self._catalogue = catalogue or Catalogue()

    def __call__(
        self,
        expression: Callable[[Any], Any],
        name: str,
        *,
        about: str = "",
        inputs: Mapping[str, Any] | None = None,
        rtol: float = RTOL,
        atol: float = ATOL,
    ) -> Any:
        """Compare `expression(student)` with `expression(reference)`.

        Args:
            expression: builds handles, or lists and dicts of them; must not draw random numbers itself.
            name: what is compared, for the message.
            about: path of what is called, such as `transformer.causal_mask`: known-wrong formulas are told by it.
            inputs: what it is called with, by name, as far as such formulas need it: plain data.

        Returns:
            The student's values, now known to be right.

        Raises:
            StudentFailure: they differ; with a diagnosis where the mistake is recognised.
        """
        got = self._student.fetch(expression(self._student))  # first: a stub ends the check at once
        expected = self._reference.fetch(expression(self._reference))
        self.data(got, expected, name, about=about, inputs=inputs, rtol=rtol, atol=atol)
        return got

    def data(
        self,
        got: Any,
        expected: Any,
        name: str,
        *,
        about: str = "",
        inputs: Mapping[str, Any] | None = None,
        rtol: float = RTOL,
        atol: float = ATOL,
    ) -> None:
        """The same for values that are there already: `got` is the student's, and may be anything."""
        self._catalogue.foresee(lambda: self._foreseen(unmarked(expected), about, inputs or {}))
        try:
            compare(got, expected, name, rtol=rtol, atol=atol)
        except StudentFailure as failure:
            raise self._diagnosed(failure, got, unmarked(expected), about, inputs or {}, (rtol, atol)) from None

    def _foreseen(self, expected: Any, about: str, inputs: Mapping[str, Any]) -> Iterator[ValueMismatch]:
        """All that could be seen of this value: the whole, and each array in it."""
        for right in (expected, *_arrays(expected)):
            yield ValueMismatch(about, right, right, inputs, reference=self._reference)

    def _diagnosed(
        self,
        failure: StudentFailure,
        got: Any,
        expected: Any,
        about: str,
        inputs: Mapping[str, Any],
        tolerance: tuple[float, float],
    ) -> StudentFailure:
        """Asked about the whole, then about the first array in it that differs."""
        mine, theirs = next(_differing(got, expected, *tolerance), (got, expected))
        for part, right in ((got, expected), (mine, theirs)):
            seen = ValueMismatch(about, part, right, inputs, reference=self._reference)
            found = diagnosed(failure, self._catalogue, seen, worst_entry(mine, theirs))
            if found.diagnosis is not None or part is mine:
                return found
        return failure


def unmarked(value: Any) -> Any:
    """A value of the reference as plain arrays, for rules."""
    if isinstance(value, list | tuple):
        return [unmarked(item) for item in value]
    if isinstance(value, dict):
        return {key: unmarked(item) for key, item in value.items()}
    return np.array(value) if isinstance(value, np.ndarray) else value


def _arrays(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _arrays(item)
    elif isinstance(value, np.ndarray):
        yield value


def _differing(got: Any, expected: Any, rtol: float, atol: float) -> Iterator[tuple[Any, Any]]:
    """Pairs of arrays that differ, in order; only where the structure is the expected one."""
    if isinstance(expected, list):
        if isinstance(got, np.ndarray) and got.ndim:
            got = list(got)
        if isinstance(got, list | tuple) and len(got) == len(expected):
            for mine, theirs in zip(got, expected, strict=True):
                yield from _differing(mine, theirs, rtol, atol)
    elif isinstance(expected, dict):
        if type(got) is dict:
            for key, theirs in expected.items():
                yield from _differing(got.get(key), theirs, rtol, atol)
    elif isinstance(expected, np.ndarray):
        try:
            compare(got, expected, "", rtol=rtol, atol=atol)
        except StudentFailure:
            yield got, expected
