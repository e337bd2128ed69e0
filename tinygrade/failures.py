"""A student's mistake, as an exception: it ends the check and says with which status."""

from __future__ import annotations

from tinygrade.model import Diagnosis, ErrorMap, Status


class StudentFailure(Exception):
    """Ends a check with `status`.

    Attributes:
        where: `file.py:line name` in the student's package, or "".
        hint: a question that leads to the mistake, or "".
        error_map: which entries of the array that the message is about are wrong; None when it is about no array.
        call: which of many calls of a gradient check is wrong, counted from 0; None when it is not about one.
    """

    def __init__(
        self,
        message: str,
        *,
        status: Status = "failed",
        where: str = "",
        hint: str = "",
        diagnosis: Diagnosis | None = None,
        error_map: ErrorMap | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.where = where
        self.hint = hint
        self.diagnosis = diagnosis
        self.error_map = error_map
        self.call: int | None = None
