"""Smoke checks of earlier assignments: a few seconds that decide whether to build on the student's own.

They are the tests in `assignments/<earlier>/smoke/`. They earn no points; one failure decides.
"""

from __future__ import annotations

import pytest

from tinygrade.checks.context import Grading
from tinygrade.checks.results import Outcome
from tinygrade.events import Swapped
from tinygrade.failures import StudentFailure
from tinygrade.model import Swap

FOLDER = "smoke"


def skipped(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Leave a test out: the one before it left standing what both have in common, which `nextitem` may not know."""
    item.session._setupstate.teardown_exact(nextitem)
    return True


class Smoke:
    """The smoke checks of one run, and the pytest plugin that leaves out those that no longer decide anything."""

    def __init__(self, grading: Grading) -> None:
        self._grading = grading
        self._finished = False
        self._swaps: list[Swap] = []

    def split(self, items: list[pytest.Item]) -> tuple[list[pytest.Item], list[pytest.Item]]:
        """Smoke checks in course order, and the checks of the assignment itself."""
        smoke = [item for item in items if self.owner(item) is not None]
        checks = [item for item in items if self.owner(item) is None]
        return smoke, checks

    def owner(self, item: pytest.Item) -> str | None:
        """The earlier assignment that this test decides about, or None for an ordinary check."""
        folder = item.path.parent
        earlier = self._grading.assignment.predecessors()
        if folder.name == FOLDER and folder.parent.name in earlier:
            return folder.parent.name
        return None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """One failed smoke check decides about its assignment; the others need not run."""
        return skipped(item, nextitem) if self.is_decided(item) else None

    def is_decided(self, item: pytest.Item) -> bool:
        """True for a smoke check whose assignment is decided already."""
        assignment = self.owner(item)
        if assignment is None:
            return False
        order = self._grading.assignment.predecessors()
        for before in order[: order.index(assignment)]:
            self._grading.stack.decide(before)  # it had its turn
        return assignment not in self._grading.stack.undecided

    def ended(self, assignment: str, title: str, outcome: Outcome) -> None:
        """Take the outcome of one smoke check."""
        if outcome.status == "grader_error":
            raise RuntimeError(f"smoke check of {assignment}: {outcome.message}")
        if outcome.status != "passed":
            failure = StudentFailure(
                outcome.message, status=outcome.status, where=outcome.where, hint=outcome.hint
            )
            self._grading.stack.failed(assignment, title, failure)

    def finish(self) -> None:
        """All smoke checks ran: tell what the rest builds on."""
        if self._finished:
            return
        self._finished = True
        stack = self._grading.stack
        for assignment in stack.undecided:
            stack.decide(assignment)
        self._swaps = list(stack.swaps)
        self._grading.emit(Swapped(tuple(stack.swaps)))

    def changed(self) -> bool:
        """Did a check change what the rest builds on, after the smoke checks had decided?"""
        return self._finished and self._swaps != self._grading.stack.swaps
