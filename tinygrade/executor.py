"""The contract between a class and what grades it: tasks go in, outcomes come out, in any order.

It stands below the families, because executors do not know how one submission is graded: they are given a function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from tinygrade.model import Report

#: How one task can end. Only `complete` is a grade; none of the others is a zero.
Kind = Literal[
    "complete",  # every check has a verdict and there is a score
    "incomplete",  # there is a report, but a check met a fault of ours
    "unreadable",  # the submission cannot be read: somebody must look at it
    "refused",  # this machine does not isolate as the assignment asks
    "stopped",  # it took longer than a submission may
    "fault",  # our fault, or the machine's
]


@dataclass(frozen=True)
class Task:
    """One submission to be graded."""

    #: The student, as named by roster or folder; unique among the tasks of a run.
    student: str
    #: Path or address that a loader reads.
    source: str
    #: Hash over names and contents, as its loader told it.
    sha256: str


@dataclass(frozen=True)
class Outcome:
    """How a task ended."""

    task: Task
    kind: Kind
    #: Instructor's view; None unless the kind is `complete` or `incomplete`.
    report: Report | None = None
    #: Why there is no grade, in words; "" when there is one.
    problem: str = ""
    #: Wall time.
    seconds: float = 0.0


class Executor(Protocol):
    """Grades many submissions. `factory(jobs=N)` makes one; see `tinygrade_register_executors`."""

    def run(
        self, tasks: Sequence[Task], grade: Callable[[Task], Outcome], on_start: Callable[[Task], None]
    ) -> Iterator[Outcome]:
        """Each outcome as soon as it is there.

        Args:
            grade: grades one task; it raises only what concerns the whole run, such as a `CourseError`. May be called
                from any thread.
            on_start: called when a task begins, in the caller's thread or another.
        """

    def close(self) -> None:
        """Start nothing more. What still runs is ended by the caller."""
