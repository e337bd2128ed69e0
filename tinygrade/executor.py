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


@dataclass(frozen=True)
class Shipping:
    """How tasks are graded on other machines: bytes and text go there, text comes back.

    `prepare`, `grade` and `end` run there, and are found by their names in an installed tinygrade; `key` names this run
    to them. `parcel` and `outcome` run here.
    """

    key: str
    #: What all tasks have in common.
    common: bytes
    #: One task as bytes, or its outcome where there is nothing to be sent.
    parcel: Callable[[Task], bytes | Outcome]
    #: The outcome, from what `grade` answered; raises what concerns the whole run.
    outcome: Callable[[Task, str], Outcome]
    #: `prepare(key, common)`: "" when tasks can be graded in that process, else why not. May be called twice.
    prepare: Callable[[str, bytes], str]
    #: `grade(key, parcel)`: an answer, or "" in a process that is not prepared.
    grade: Callable[[str, bytes], str]
    #: `end(key)`: end what runs, and leave nothing behind.
    end: Callable[[str], None]


class Grade(Protocol):
    """Grades a task."""

    def __call__(self, task: Task) -> Outcome:
        """Grade it here. Raises only what concerns the whole run, such as a `CourseError`; any thread may call it."""

    def shipping(self) -> Shipping:
        """What it takes to grade elsewhere."""


class Executor(Protocol):
    """Grades many submissions. `factory(jobs=N)` makes one; see `tinygrade_register_executors`."""

    #: Do gradings run on this machine? Then its isolation is measured before; else the executor sees to it.
    here: bool

    def run(self, tasks: Sequence[Task], grade: Grade, on_start: Callable[[Task], None]) -> Iterator[Outcome]:
        """Each outcome as soon as it is there.

        Args:
            grade: grades one task here, or says how it is graded elsewhere.
            on_start: called when a task begins, in the caller's thread or another.
        """

    def close(self) -> None:
        """Start nothing more. What still runs here is ended by the caller. May be called twice."""
