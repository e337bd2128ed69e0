"""The fixtures that checks are written with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tinygrade.checks import marks
from tinygrade.checks.context import Grading
from tinygrade.checks.diagnosing import named
from tinygrade.checks.gradcheck import GradCheck
from tinygrade.checks.parity import Parity
from tinygrade.checks.recorded import Reference
from tinygrade.checks.stack import Stack
from tinygrade.checks.student import StudentLibrary
from tinygrade.checks.trajectories import Trajectory
from tinygrade.failures import StudentFailure
from tinygrade.model import Assignment, Diagnosis

GRADING = pytest.StashKey[Grading]()
#: What the student's code printed during the check.
PRINTS = pytest.StashKey[str]()
#: May the next case begin in the worker of this one, because it was right, or nothing is written yet?
GOES_ON = pytest.StashKey[bool]()
#: `(fraction, message)` that the check gave itself.
CREDIT = pytest.StashKey[tuple[float, str]]()
#: What was recognised in a check that raised nothing: it has a part of its points, or passed all the same.
DIAGNOSIS = pytest.StashKey[Diagnosis]()
#: CPU seconds of a case after another one of its check was stopped; honest code needs a tenth of it.
HUNG_SECONDS = 0.5


@pytest.fixture(scope="session")
def grading(request: pytest.FixtureRequest) -> Grading:
    """The run: assignment, submission, sandbox, results so far."""
    return request.config.stash[GRADING]


@pytest.fixture(scope="session")
def assignment(grading: Grading) -> Assignment:
    """What assignment.toml says."""
    return grading.assignment


@pytest.fixture
def student(request: pytest.FixtureRequest, grading: Grading) -> Iterator[StudentLibrary]:
    """The student's package, in a worker that belongs to the check and ends with it."""
    cases, item = grading.cases, request.node
    seconds = _cpu_seconds(item, grading)
    library = cases.take(grading.stack.package, seconds) or grading.student(seconds)
    yield library
    # What is recorded must be found in one case alone.
    goes_on = item.stash.get(GOES_ON, False) and grading.recorder is None
    if not (goes_on and cases.keep(library)):
        library.close()
    item.stash[PRINTS] = library.printed()


def _cpu_seconds(item: pytest.Item, grading: Grading) -> float:
    """Once a case of a check was stopped, its other cases get little time: what hangs is paid for once."""
    if marks.check_id(item) in grading.hung:
        return HUNG_SECONDS
    return marks.read(item).cpu_seconds or grading.assignment.limits.cpu_seconds


@pytest.fixture(scope="session")
def reference(grading: Grading) -> Reference:
    """The solved package, with the same interface as `student`; as it was recorded, where it is not here."""
    return grading.reference


@pytest.fixture
def rng(request: pytest.FixtureRequest, grading: Grading) -> np.random.Generator:
    """Random numbers for this check: the same in every run with the same seed and submission."""
    return check_rng(request.node, grading)


def check_rng(item: pytest.Item, grading: Grading) -> np.random.Generator:
    """What `rng` gives to this test."""
    hidden = marks.read(item).visibility == "hidden"
    return grading.rng(f"{item.path.name}::{item.name}", "inputs", hidden=hidden)


@pytest.fixture
def parity(student: StudentLibrary, reference: Reference, grading: Grading) -> Parity:
    """Evaluate one expression with both packages and compare the results."""
    return Parity(student, reference, grading.catalogue)


@pytest.fixture
def gradcheck(
    student: StudentLibrary, reference: Reference, rng: np.random.Generator, grading: Grading
) -> GradCheck:
    """Compare values and gradients of one function with the reference's, under a random cotangent."""
    return GradCheck(student, reference, rng, grading.catalogue)


@pytest.fixture
def trajectory(student: StudentLibrary, reference: Reference, grading: Grading) -> Trajectory:
    """Compare the parameters with the reference's after each step of an optimiser."""
    return Trajectory(student, reference, grading.catalogue)


@pytest.fixture
def mistake(grading: Grading) -> Callable[..., StudentFailure]:
    """`raise mistake(code, message, **evidence)`: a failure whose diagnosis the check knows: it looked for it."""

    def failure(code: str, message: str, **evidence: Any) -> StudentFailure:
        return named(StudentFailure(message), grading.catalogue, code, evidence)

    return failure


@pytest.fixture
def partial_credit(request: pytest.FixtureRequest) -> Callable[..., None]:
    """`partial_credit(fraction, message, diagnosis=None)`: the check ends with this share of its points, 0 to 1."""

    def give(fraction: float, message: str, diagnosis: Diagnosis | None = None) -> None:
        request.node.stash[CREDIT] = (min(1.0, max(0.0, float(fraction))), message)
        if diagnosis is not None and fraction < 1:
            request.node.stash[DIAGNOSIS] = diagnosis

    return give


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """`note(message)`: what the report says when the check passes."""

    def say(message: str) -> None:
        request.node.stash[CREDIT] = (1.0, message)

    return say


@pytest.fixture(scope="session")
def sections(grading: Grading) -> dict[str, Any]:
    """Named parts of the report that belong to the course."""
    return grading.sections


@pytest.fixture
def stack(grading: Grading) -> Stack:
    """Where the earlier assignments were taken from."""
    return grading.stack
