"""A check that failed is judged again where the reason may lie elsewhere: in another case, a part, another assignment.

Every retry has a fresh worker and the same inputs. Nothing is retried in the hope of luck, and where each case is right
in the worker of the one before, nothing at all.
"""

from __future__ import annotations

from typing import Any

import pytest

from tinygrade.checks import marks as marks_of
from tinygrade.checks.context import Grading
from tinygrade.checks.fixtures import CREDIT, DIAGNOSIS
from tinygrade.checks.outcomes import said
from tinygrade.checks.package import Package, Part
from tinygrade.checks.recorded.library import RecordedLibrary
from tinygrade.checks.recorded.recorder import RecordingLibrary
from tinygrade.checks.recorded.rehearsal import RehearsingCatalogue
from tinygrade.checks.upstream import Found, Upstream
from tinygrade.events import Swapped
from tinygrade.failures import StudentFailure

#: Ids of the checks whose parts were given when this one passed.
GIVEN = pytest.StashKey[tuple[str, ...]]()
#: Retries of one run in search of causes in earlier assignments, at the most: a check takes about 50 ms. It is a
#: count and not a time, so that the same seed gives the same report on a slow machine.
MOST_RETRIES = 40
#: What a record holds of one part that is given to one check, about. Long trainings ask for megabytes, for every seed:
#: with a recorded reference those are not judged with correct parts, and their failure says so.
MOST_GIVEN_BYTES = 128 << 10


class Retries:
    """The retries of one run."""

    def __init__(self, grading: Grading) -> None:
        self._grading = grading
        self._left = MOST_RETRIES
        #: Checks of which a case is wrong with released assignments, too: their other cases need not try.
        self._their_own: set[str] = set()
        self._causes: list[Found] = []

    def shared_little(self) -> bool:
        """Was no cause found that later checks begin with, and would twice as many retries have been possible?"""
        return not self._causes and self._left >= MOST_RETRIES / 2

    def remember(self, item: pytest.Function) -> Any:
        """The state of the check's random numbers, which a retry starts from."""
        rng: Any = item.funcargs.get("rng")
        return rng.bit_generator.state if rng is not None else None

    def refuse_unsure(self, item: pytest.Function, state: Any) -> None:
        """A case that has only a part of its points, in a worker that others have used, has what a fresh one gives it.

        Raises:
            StudentFailure: that is nothing.
        """
        if _is_used(item) and item.stash.get(CREDIT, (1.0, ""))[0] < 1:
            failure = Retry(self._grading, item, state).fails([])
            self._grading.cases.share_no_more()
            if failure is not None:
                raise failure

    def rehearse(self, item: pytest.Function, state: Any) -> None:
        """In a run that records: hear what would be asked if each part that this check rests on were given."""
        catalogue, reference = self._grading.catalogue, self._grading.reference
        if not isinstance(catalogue, RehearsingCatalogue) or not isinstance(reference, RecordingLibrary):
            return
        named = [name for name in marks_of.read(item).given if name in self._grading.parts]
        credit = item.stash.get(CREDIT, (1.0, ""))
        for name in named if "student" in item.funcargs else ():
            with catalogue.pause(), reference.at_most(MOST_GIVEN_BYTES):
                Retry(self._grading, item, state).fails([self._grading.parts[name]])
        item.stash[CREDIT] = credit

    def second_chance(
        self, item: pytest.Function, failure: StudentFailure, state: Any, *, search: bool
    ) -> StudentFailure | None:
        """None when the check passes after all, else why it failed.

        Args:
            search: also look for the cause in earlier assignments.
        """
        if "student" not in item.funcargs:
            return failure
        retry = Retry(self._grading, item, state)
        if _is_used(item) and failure.status != "not_implemented":
            again = retry.fails([])
            if again is None:
                self._grading.cases.share_no_more()
                return None
            failure = again
        if self._grading.stack.lacks(failure):
            return failure if not self._passes_on_own_stack(retry, failure) else None
        if failure.status != "failed" or self._grading.recorder is not None:  # what is recorded is the failure itself
            return failure
        wrong = self._wrong_parts(item)
        parts = [self._grading.parts[name] for name in wrong]
        missed = self._missed
        if wrong and retry.fails(parts) is None:
            self._credit(item, wrong, "")
            return None
        if self._missed > missed:
            failure = self._unjudged(failure, wrong)
        return self._upstream(retry, failure, wrong) if search and retry.check not in self._their_own else failure

    @property
    def _missed(self) -> int:
        """How many questions a recorded reference could not answer."""
        reference = self._grading.reference
        return reference.missed if isinstance(reference, RecordedLibrary) else 0

    def _unjudged(self, failure: StudentFailure, wrong: list[str]) -> StudentFailure:
        """With a correct part it might be right: only the solution itself could tell, and the failure says so."""
        names = " and ".join(dict.fromkeys(self._grading.parts[name].path.rpartition(".")[2] for name in wrong))
        message = f"{failure.message}\nwhether it is right with a correct {names} shows where the solution is there"
        facts = {"where": failure.where, "hint": failure.hint, "diagnosis": failure.diagnosis}
        return StudentFailure(message, status=failure.status, **facts)  # type: ignore[arg-type]

    def _passes_on_own_stack(self, retry: Retry, failure: StudentFailure) -> bool:
        stack = self._grading.stack
        undo = stack.keep_own(failure)
        again = retry.fails([])
        if again is not None and stack.is_missing(again):
            undo()  # it is missing there as well
        else:
            self._grading.emit(Swapped(tuple(stack.swaps)))
        return again is None

    def _wrong_parts(self, item: pytest.Item) -> list[str]:
        failed = ("failed", "partial", "timed_out", "crashed", "out_of_memory")
        needed = [name for name in marks_of.read(item).given if name in self._grading.parts]
        results = self._grading.results
        return [name for name in needed if name in results and results[name].status in failed]

    def _credit(self, item: pytest.Item, wrong: list[str], released: str) -> None:
        """The check has its points, and says with what it was right."""
        item.stash[GIVEN] = tuple(self._grading.results[name].id for name in wrong)
        paths = dict.fromkeys(self._grading.parts[name].path for name in wrong)  # two checks may prove one part
        names = [f"a correct {path.rpartition('.')[2]}" for path in paths]
        item.stash[CREDIT] = (1.0, f"right with {' and '.join([*names, *([released] if released else [])])}")

    def _upstream(self, retry: Retry, failure: StudentFailure, wrong: list[str]) -> StudentFailure | None:
        parts = [self._grading.parts[name] for name in wrong]

        def passes(package: Package) -> bool:
            self._left -= 1
            return self._left >= 0 and retry.fails(parts, package) is None

        found = Upstream(self._grading.stack, passes, self._causes).find()
        if found is None:
            self._their_own.add(retry.check)
            return failure
        blamed = found.blame(failure, retry.check)
        if self._grading.stack.policy != "auto":
            return blamed
        hidden = retry.marks.visibility == "hidden"
        reason = found.reason(retry.marks.title, hidden=hidden)
        proof = found.proof(failure, retry.check, reason, hidden=hidden)
        self._grading.stack.swap_late(found.assignment, found.swap, reason, proof)
        self._grading.emit(Swapped(tuple(self._grading.stack.swaps)))
        self._credit(retry.item, wrong, found.told)
        if blamed.diagnosis is not None:
            retry.item.stash[DIAGNOSIS] = blamed.diagnosis
        return None


class Retry:
    """One failed check, to be judged again."""

    def __init__(self, grading: Grading, item: pytest.Function, state: Any) -> None:
        self.item = item
        self.marks = marks_of.read(item)
        self.check = marks_of.check_id(item)
        self._stack = grading.stack
        self._state = state

    def fails(self, parts: list[Part], package: Package | None = None) -> StudentFailure | None:
        """Run the check with the same inputs in a fresh worker, with these parts given and this package."""
        funcargs: dict[str, Any] = self.item.funcargs
        funcargs["student"].restart(parts, package or self._stack.package)
        if "rng" in funcargs:
            funcargs["rng"].bit_generator.state = self._state
        stash = self.item.stash
        if CREDIT in stash:  # of the run that failed
            del stash[CREDIT]
        if DIAGNOSIS in stash:
            del stash[DIAGNOSIS]
        arguments = {name: funcargs[name] for name in self.item._fixtureinfo.argnames}
        try:
            self.item.obj(**arguments)
        except StudentFailure as failure:
            return failure
        except AssertionError as failure:
            return StudentFailure(said(failure))
        return None


def _is_used(item: pytest.Function) -> bool:
    """Does this case run in a worker that others of its check have used?"""
    student: Any = item.funcargs.get("student")
    return student is not None and student.used
