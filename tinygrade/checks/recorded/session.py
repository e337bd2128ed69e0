"""Which reference a run has: the solution, the solution with somebody who writes, or what was written."""

from __future__ import annotations

import platform
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinygrade.checks.recorded import DRAWN_FOR, Reference, file
from tinygrade.checks.recorded.claims import RecordedCatalogue
from tinygrade.checks.recorded.library import RecordedLibrary
from tinygrade.checks.recorded.recorder import RecordingLibrary
from tinygrade.checks.recorded.rehearsal import RehearsingCatalogue
from tinygrade.checks.reference import ReferenceLibrary
from tinygrade.diagnosis.catalogue import Catalogue
from tinygrade.errors import CourseError, UsageError
from tinygrade.model import Assignment, CheckResult
from tinygrade.solved import record_of


@dataclass(frozen=True)
class Source:
    """What a run compares with, and what goes along with that."""

    library: Reference
    catalogue: Catalogue
    #: See `Grading.drawn_for`.
    drawn_for: str = ""
    #: What is written at the end of a run that records.
    path: Path | None = None
    header: file.Header | None = None

    def finish(self, results: Iterable[CheckResult], slow: Container[str]) -> None:
        """Write the record of this run, if it makes one.

        Args:
            slow: ids of checks that train; they have no time for it here.

        Raises:
            CourseError: the solution fails a check, so that later questions of this check were not asked.
        """
        if self.path is None or self.header is None or not isinstance(self.library, RecordingLibrary):
            return
        for result in results:
            if not result.ok and result.id not in slow:
                raise CourseError(f"{result.id}: the solution does not pass with seed {self._seed}: {result.message}")
        file.write(self.path, self.header, {self._seed: self.library.answers})

    @property
    def _seed(self) -> int:
        assert self.header is not None
        return self.header.seeds[0]


def source(
    assignment: Assignment, earlier: Sequence[Assignment], job: Mapping[str, Any], catalogue: Catalogue
) -> Source:
    """The reference of this job.

    Raises:
        UserError: there should be a record, and there is none that can be used for these checks and this seed.
    """
    course = assignment.course
    if recorded := Path(job["recorded"]) if job["recorded"] else record_of(assignment):
        header = file.read_header(recorded)
        file.require(header, recorded, assignment, earlier)
        require_seed(header, job["seed"])
        answers = file.read(recorded, job["seed"])
        library = RecordedLibrary(answers, header.environment.get("numpy", ""))
        return Source(library, RecordedCatalogue(catalogue, answers), DRAWN_FOR)
    live = ReferenceLibrary(course.reference / course.package, assignment.surface)
    if not job["recording"]:
        return Source(live, catalogue, DRAWN_FOR if job["shared_inputs"] else "")
    header = file.Header(assignment.id, (job["seed"],), file.check_files(assignment, earlier), _environment())
    recorder = RecordingLibrary(live)
    rehearsing = RehearsingCatalogue(catalogue, recorder)
    return Source(recorder, rehearsing, DRAWN_FOR, Path(job["recording"]), header)


def require_seed(header: file.Header, seed: int) -> None:
    """Raise UsageError unless the record holds this seed."""
    if seed not in header.seeds:
        known = ", ".join(map(str, header.seeds))
        raise UsageError(f"--seed {seed}: the solution is not here, and was recorded for other seeds: {known}")


def _environment() -> dict[str, str]:
    return {"python": platform.python_version(), "numpy": np.__version__, "system": platform.system()}
