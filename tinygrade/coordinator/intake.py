"""Who handed in what: sources and roster become one submission per student, or a clear refusal."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tinygrade.calling import Once, print_warning
from tinygrade.errors import CourseError, PluginError, SubmissionError, UsageError
from tinygrade.executor import Outcome, Task
from tinygrade.gradebook.roster import Student, problem_of_key
from tinygrade.loaders.bulk import find_submissions
from tinygrade.loading import load
from tinygrade.model import Assignment, Submission
from tinygrade.text import clean_line

if TYPE_CHECKING:
    import pluggy

SHARED_MEMORY = "/dev/shm"
#: So many doubles are told; the others are counted.
TOLD = 5


@dataclass(frozen=True)
class Handed:
    """One student's submission, not yet looked at."""

    student: str
    source: str


def handed_in(sources: Sequence[str], roster: Sequence[Student], base: Path, package: str) -> list[Handed]:
    """One submission per student, by student; without `sources` those that the roster names, relative to `base`.

    Raises:
        UsageError: there is none, or one student has two.
        SubmissionError: a source does not exist or cannot be read.
    """
    found = [Handed(*pair) for source in sources for pair in find_submissions(source, package, note=print_warning)]
    if not sources:
        found = [Handed(s.key, s.source if "://" in s.source else str(base / s.source)) for s in roster if s.source]
    if not found:
        raise UsageError("no submissions: name their folder, a bulk download, or a roster with a column `source`")
    for handed in found:
        if problem := problem_of_key(handed.student):
            raise UsageError(f"{handed.source}: the name of the student {problem}")
    _refuse_doubles(found)
    return sorted(found, key=lambda handed: handed.student)


def _refuse_doubles(found: Sequence[Handed]) -> None:
    by_student: dict[str, list[str]] = {}
    for handed in found:
        by_student.setdefault(handed.student, []).append(handed.source)
    doubles = [
        f"{student!r} has {len(sources)} submissions: {' and '.join(sources[:3])}"
        for student, sources in by_student.items()
        if len(sources) > 1
    ]
    if doubles:
        more = f"\n(and {len(doubles) - TOLD} more students)" if len(doubles) > TOLD else ""
        raise UsageError("\n".join(doubles[:TOLD]) + more + "\nkeep one of each, or name it in the roster's `source`")


def tasks(
    handed: Sequence[Handed],
    assignment: Assignment,
    manager: pluggy.PluginManager,
    seen: Callable[[Submission], None] = lambda submission: None,
) -> Iterator[Task | Outcome]:
    """For each its task, with the hash of its content; an outcome at once for what cannot be read.

    `seen` is called with each submission while its copy is there.
    """
    warn = Once()
    for one in handed:
        with tempfile.TemporaryDirectory(prefix="tinygrade-intake-", dir=_memory()) as folder:
            try:
                loaded = load(manager, one.source, assignment, Path(folder), warn)
            except (SubmissionError, PluginError) as error:
                yield Outcome(Task(one.student, one.source, ""), "unreadable", problem=clean_line(str(error)))
            else:
                seen(loaded)
                yield Task(one.student, one.source, loaded.sha256)
    warn.tell()


def _memory() -> str | None:
    """A folder that is no disk, where there is one: each copy is thrown away at once."""
    return SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK | os.X_OK) else None


def refuse_course_inside(course: Path, sources: Sequence[str]) -> None:
    """A course that was found, and not named, must not be one that a student handed in: its plugin would be run.

    Raises:
        CourseError: it lies in one of the sources.
    """
    for source in sources:
        if course.is_relative_to(os.path.realpath(source)):
            raise CourseError(f"the course {course} lies inside {source}, which is to be graded: name it with --course")


def strangers(handed: Sequence[Handed], roster: Sequence[Student]) -> tuple[list[str], list[str]]:
    """Students who are not on the roster, and those on it who handed in nothing; both empty without a roster."""
    if not roster:
        return [], []
    known, seen = {student.key for student in roster}, {one.student for one in handed}
    return sorted(seen - known), sorted(known - seen)


def absolute(source: str) -> str:
    """A path as it is found from everywhere; an address as it is."""
    return source if "://" in source else os.path.abspath(os.path.expanduser(source))
