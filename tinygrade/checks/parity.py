"""The commonest check: evaluate one expression with the student's package and with the reference, and compare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrade.checks.compare import ATOL, RTOL, compare
from tinygrade.checks.library import Library


class Parity:
    """The fixture `parity`."""

    def __init__(self, student: Library, reference: Library) -> None:
        self._student = student
        self._reference = reference

    def __call__(
        self, expression: Callable[[Any], Any], name: str, *, rtol: float = RTOL, atol: float = ATOL
    ) -> Any:
        """Compare `expression(student)` with `expression(reference)`.

        Args:
            expression: builds handles, or lists and dicts of them; must not draw random numbers itself.
            name: what is compared, for the message.

        Returns:
            The student's values, now known to be right.

        Raises:
            StudentFailure: they differ.
        """
        got = self._student.fetch(expression(self._student))  # first: a stub ends the check at once
        expected = self._reference.fetch(expression(self._reference))
        compare(got, expected, name, rtol=rtol, atol=atol)
        return got
