"""Write down what the solution answers, for students who do not have it.

`record(assignment, seeds, out)` runs the checks of an assignment on the solution itself, once for each seed,
and writes `out / f"{assignment.id}.npz"` (`file_of`). A course whose course.toml names that folder as
`recorded = "..."`, or that has a folder `recorded/` and no solution, is checked by it. The record holds numbers: no
source, and nothing of a hidden check.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tinygrade.grading.child import Living
from tinygrade.grading.run import Job, grade
from tinygrade.threads import Threads

if TYPE_CHECKING:
    from tinygrade.model import Assignment

#: Part of the training budget that a recording run gets: what is trained is judged without the reference.
BUDGET = 0.002


def file_of(assignment: Assignment, out: Path) -> Path:
    """Where `record` writes."""
    return out / f"{assignment.id}.npz"


def record(
    assignment: Assignment,
    seeds: Sequence[int],
    out: Path,
    *,
    jobs: int = 1,
    on_seed: Callable[[int], None] = lambda done: None,
) -> Path:
    """Record the reference of one assignment for these seeds.

    Args:
        seeds: students' runs pick among them; at least one.
        out: an existing folder; the file in it is replaced when the new one is whole.
        jobs: gradings at a time.
        on_seed: hears how many seeds are done.

    Returns:
        The file that was written.

    Raises:
        UserError: the course is not in order, or the solution does not pass its own checks.
        RefusedError, GraderError: as `grade`.
    """
    from tinygrade.checks.recorded import file

    work = Path(tempfile.mkdtemp(prefix="tinygrade-record-"))
    try:
        parts = {seed: work / f"{seed}.npz" for seed in dict.fromkeys(seeds)}
        _run(assignment, parts, jobs, on_seed)
        file.join(parts.values(), file_of(assignment, out))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return file_of(assignment, out)


def _run(assignment: Assignment, parts: dict[int, Path], jobs: int, on_seed: Callable[[int], None]) -> None:
    threads, living = Threads[int, int](jobs), Living()

    def recorded(seed: int) -> Iterator[int]:
        source = str(assignment.course.reference)
        grade(Job(assignment, source, seed, budget=BUDGET, recording=parts[seed]), lambda event: None, living.add)
        yield seed

    try:
        for done, _ in enumerate(threads.run(parts, recorded), 1):
            on_seed(done)
    finally:
        living.stop()
        threads.close()
