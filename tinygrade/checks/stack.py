"""Where the earlier assignments are taken from: the student's own files, or released solutions, as a whole.

The package that workers load is composed in a private folder. A file of the assignment being graded, or of a
later one, is never taken from the solution. A released assignment brings those before it along: solutions fit
each other, and not every student's names.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from tinygrade.checks.package import Package
from tinygrade.errors import UsageError
from tinygrade.failures import StudentFailure
from tinygrade.model import Assignment, Policy, Status, Submission, Swap

_MISSING = re.compile(r"ImportError: cannot import name|AttributeError: module '[\w.]+' has no attribute")


class Stack:
    """The composed package and the decisions that led to it."""

    def __init__(
        self, assignment: Assignment, earlier: list[Assignment], submission: Submission, policy: Policy, work: Path
    ) -> None:
        self.policy = policy
        self.swaps: list[Swap] = []
        self._assignment = assignment
        self._earlier = {a.id: a for a in earlier}
        self._submission = submission
        self._work = work
        self._proofs: dict[str, StudentFailure] = {}
        self._composed = 0
        self._trials: dict[tuple[str, ...], Package] = {}
        self.package = self._compose()
        if policy == "released":
            for name in self._earlier:
                if not self._is_released(name):
                    raise UsageError(f"--earlier released: the solution of {name} is not in this course")
                self._swap(name, "taken from the released solution, as asked for")

    @property
    def undecided(self) -> list[str]:
        """Earlier assignments that smoke checks still have to decide about."""
        decided = {swap.assignment for swap in self.swaps}
        return [name for name in self._earlier if name not in decided]

    def failed(self, assignment: str, title: str, failure: StudentFailure) -> None:
        """A smoke check of an earlier assignment failed: take the solution instead, when the policy allows."""
        self._proofs.setdefault(assignment, failure)
        if assignment not in self.undecided:
            return
        reason = "not implemented yet" if failure.status == "not_implemented" else f"{title}: {failure.message}"
        if self.policy == "auto" and self._is_released(assignment):
            self._swap(assignment, reason)
        else:
            self.swaps.append(Swap(assignment, "own", reason))

    def lacks(self, failure: StudentFailure) -> bool:
        """Did this fail because student code uses a helper of its own that no solution has?"""
        swapped = any(swap.source == "released" for swap in self.swaps)
        return self.policy == "auto" and swapped and self.is_missing(failure)

    def is_missing(self, failure: StudentFailure) -> bool:
        """Is a name missing in a module of the package?"""
        return _MISSING.search(failure.message) is not None

    def keep_own(self, failure: StudentFailure) -> Callable[[], None]:
        """Take nothing from solutions after all; what the smoke checks found still costs its points.

        Returns:
            Undoes it.
        """
        swaps, package = self.swaps, self.package
        reason = f"the solution cannot take its place: {failure.message}"
        self.swaps = [Swap(name, "own", reason) for name in self._earlier]
        self.package = self._compose()

        def undo() -> None:
            self.swaps, self.package = swaps, package

        return undo

    # ---- causes in earlier assignments (see `checks.upstream`) -------------------------------------------

    def own_files(self) -> dict[str, list[str]]:
        """By earlier assignment, in course order, the files that are the student's own and could be released.

        Not those that are the solution's already, word for word: nothing would change.
        """
        released = {swap.assignment for swap in self.swaps if swap.source == "released"}
        known = [name for name in self._earlier if name not in released and self._is_released(name)]
        own = {name: [f for f in self._replaceable(self._earlier[name]) if self._differs(f)] for name in known}
        return {name: files for name, files in own.items() if files}

    def candidates(self) -> list[tuple[str, str]]:
        """Single files to try, `(assignment, file)`, in course order."""
        owners: dict[str, str] = {}
        for name, files in self.own_files().items():
            for file in files:
                owners.setdefault(file, name)  # a later assignment may go on with a file of an earlier one
        return [(owner, file) for file, owner in owners.items()]

    def trial(self, files: list[str]) -> Package:
        """The package with these files released besides those that are swapped."""
        key = (*self._released_files(), "", *files)
        if key not in self._trials:
            self._trials[key] = self._compose(files)
        return self._trials[key]

    def swap_late(self, cause: str, swapped: str, reason: str, proof: StudentFailure) -> None:
        """A check failed because of `cause`: take `swapped` from the solution for the rest of the run."""
        self._proofs.setdefault(cause, proof)
        self.swaps = [swap for swap in self.swaps if swap.source == "released" or swap.assignment != swapped]
        self._swap(swapped, reason)

    # ---- decisions ---------------------------------------------------------------------------------------

    def decide(self, assignment: str) -> None:
        """All smoke checks of this assignment ran; it stays the student's own unless one of them failed."""
        if assignment in self.undecided:
            self.swaps.append(Swap(assignment, "own"))

    def require_own(self) -> None:
        """Raise StudentFailure unless the student's own earlier assignments passed their smoke checks.

        Raises:
            StudentFailure: the first reason, with its status and place.
        """
        if self.policy == "released":
            raise StudentFailure("your earlier assignments were not used (--earlier released)")
        for name, failure in self._proofs.items():
            status: Status = "not_implemented" if failure.status == "not_implemented" else "failed"
            swapped = self.policy == "auto" and self._is_released(name)
            used = "swapped for the released solution" if swapped else "not right"
            message = failure.message if status == "not_implemented" else f"{name} was {used}: {failure.message}"
            facts = {"where": failure.where, "hint": failure.hint, "diagnosis": failure.diagnosis}
            raise StudentFailure(message, status=status, **facts)  # type: ignore[arg-type]

    def _swap(self, assignment: str, reason: str) -> None:
        order = list(self._earlier)
        before = order[: order.index(assignment)]
        kept = [swap for swap in self.swaps if swap.source == "released" or swap.assignment not in before]
        released = {swap.assignment for swap in kept}
        along = [Swap(name, "released", f"{assignment} rests on it") for name in before if name not in released]
        self.swaps = [*along, *kept, Swap(assignment, "released", reason)]
        self.package = self._compose()

    def _compose(self, more: Sequence[str] = ()) -> Package:
        """Copy the student's files and overlay the released ones, and `more`, in a folder of its own."""
        course = self._assignment.course
        self._composed += 1
        folder = self._work / f"package-{self._composed}" / course.package
        shutil.copytree(self._submission.root / course.package, folder)
        for file in [*self._released_files(), *more]:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(course.reference / course.package / file, folder / file)
        files = frozenset(path.relative_to(folder).as_posix() for path in folder.rglob("*.py"))
        return Package(course.package, folder, files, self._assignment.surface, self._assignment.limits)

    def _released_files(self) -> list[str]:
        swapped = [self._earlier[s.assignment] for s in self.swaps if s.source == "released"]
        return [file for assignment in swapped for file in self._replaceable(assignment)]

    def _is_released(self, name: str) -> bool:
        """Are the solutions of this assignment, and of those that come along, here? A student may have none of them."""
        order = list(self._earlier)
        needed = [self._earlier[before] for before in order[: order.index(name) + 1]]
        solved = self._assignment.course.reference / self._assignment.course.package
        return all((solved / file).is_file() for earlier in needed for file in self._replaceable(earlier))

    def _differs(self, file: str) -> bool:
        package = self._assignment.course.package
        own, solved = self._submission.root / package / file, self._assignment.course.reference / package / file
        return not own.is_file() or own.read_bytes() != solved.read_bytes()

    def _replaceable(self, earlier: Assignment) -> list[str]:
        """The assignment's files without those of the one being graded, which no solution ever replaces."""
        return [file for file in earlier.files if file not in self._assignment.files]
