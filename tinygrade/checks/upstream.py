"""Find the earlier assignment, and the file of it, that makes a check fail which is right with released ones.

Only released solutions of whole earlier assignments are tried; a file of the assignment being graded never is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tinygrade.checks.package import Package
from tinygrade.checks.stack import Stack
from tinygrade.failures import StudentFailure
from tinygrade.model import Diagnosis

CODE = "upstream"
HINT = "you have not tried before?"


@dataclass(frozen=True)
class Found:
    """A cause in an earlier assignment."""

    assignment: str
    #: The one file whose released version makes the check right; "" when no single one does.
    file: str
    #: The assignment that must be swapped, with those before it, for the check to be right.
    swap: str

    @property
    def _cause(self) -> str:
        return f": the cause is in {self.file}" if self.file else ""

    @property
    def told(self) -> str:
        """`right with ...`"""
        return f"the released {self.assignment}{self._cause}"

    def blame(self, failure: StudentFailure, check: str) -> StudentFailure:
        """The failure of the check, told as what it is."""
        evidence = {"assignment": self.assignment, "file": self.file, "check": check}
        message = f"{failure.message}\nright with {self.told}"
        where, hint = self.file or failure.where, f"What is asked here of {self.file or self.assignment} that {HINT}"
        diagnosis = Diagnosis(CODE, evidence)
        return StudentFailure(message, where=where, hint=hint, diagnosis=diagnosis, error_map=failure.error_map)

    def reason(self, title: str, *, hidden: bool) -> str:
        """Why the assignment is swapped. Of a hidden check it says nothing but that there is one."""
        if hidden:
            return "a hidden check is right with it and not with yours"
        return f"“{title}” is right with it and not with yours{self._cause}"

    def proof(self, failure: StudentFailure, check: str, reason: str, *, hidden: bool) -> StudentFailure:
        """What the student's own assignment is said to have failed."""
        if hidden:
            return StudentFailure(reason, diagnosis=Diagnosis(CODE, {"assignment": self.assignment, "file": ""}))
        blamed = self.blame(failure, check)
        message = f"{reason}\n{failure.message}"
        return StudentFailure(message, where=blamed.where, hint=blamed.hint, diagnosis=blamed.diagnosis)


class Upstream:
    """The search for one failed check.

    Args:
        passes: is the check right with this package? The same inputs, a fresh worker.
        known: files that were found to be the cause of earlier failures, which are tried first; one is added.
    """

    def __init__(self, stack: Stack, passes: Callable[[Package], bool], known: list[Found]) -> None:
        self._stack = stack
        self._passes = passes
        self._known = known

    def find(self) -> Found | None:
        """The cause, or None when the check is wrong with released assignments, too."""
        own = self._stack.own_files()
        for found in self._known:
            if found.file in own.get(found.assignment, ()) and self._passes(self._stack.trial([found.file])):
                return found
        if not own or not self._passes(self._stack.trial(_up_to(own, list(own)[-1]))):
            return None
        for assignment, file in self._stack.candidates():
            if self._passes(self._stack.trial([file])):
                self._known.append(Found(assignment, file, self._first(own, assignment)))
                return self._known[-1]
        first = self._first(own, next(iter(own)))
        return Found(first, "", first)

    def _first(self, own: dict[str, list[str]], start: str) -> str:
        """The first assignment from `start` on with which, and with those before it, the check is right."""
        names = list(own)
        for name in names[names.index(start) : -1]:
            if self._passes(self._stack.trial(_up_to(own, name))):
                return name
        return names[-1]


def _up_to(own: dict[str, list[str]], last: str) -> list[str]:
    names = list(own)
    return [file for name in names[: names.index(last) + 1] for file in own[name]]
