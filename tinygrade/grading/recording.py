"""Write down what the solution answers, for students who do not have it.

`record(assignment, seeds, out, manager)` runs the checks of an assignment on the solution itself, once for each seed,
and writes `out / f"{assignment.id}.npz"` (`file_of`). A course whose course.toml names that folder as
`recorded = "..."`, or that has a folder `recorded/` and no solution, is checked by it. The record holds numbers: no
source, and nothing of a hidden check.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING

from tinygrade.grading.run import Job, grade

if TYPE_CHECKING:
    import pluggy

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
    manager: pluggy.PluginManager,
    *,
    jobs: int = 1,
    on_seed: Callable[[int], None] = lambda done: None,
) -> Path:
    """Record the reference of one assignment for these seeds.

    Args:
        seeds: students' runs pick among them; at least one.
        out: an existing folder; the file in it is replaced when the new one is whole.
        manager: with the course's plugin registered.
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
        _run(assignment, parts, manager, jobs, on_seed)
        file.join(parts.values(), file_of(assignment, out))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return file_of(assignment, out)


def _run(
    assignment: Assignment,
    parts: dict[int, Path],
    manager: pluggy.PluginManager,
    jobs: int,
    on_seed: Callable[[int], None],
) -> None:
    pool = ThreadPoolExecutor(jobs)
    try:
        running = [pool.submit(_one, assignment, seed, part, manager) for seed, part in parts.items()]
        for done, future in enumerate(as_completed(running), 1):
            future.result()
            on_seed(done)
    finally:
        pool.shutdown(cancel_futures=True)


def _one(assignment: Assignment, seed: int, part: Path, manager: pluggy.PluginManager) -> None:
    source = str(assignment.course.reference)
    job = Job(assignment, source, seed, budget=BUDGET, recording=part)
    grade(job, manager, lambda event: None)
