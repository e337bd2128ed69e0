"""The two sides of a check: the reference as it is graded against, and courses and assignments made for one test."""

from pathlib import Path

import pytest

from tinygrade.checks.reference import ReferenceLibrary
from tinygrade.failures import StudentFailure
from tinygrade.model import Assignment, Course, Limits, Submission, Surface

TABLE = Surface(tensor="tensor.Tensor", parameters={"weight": (2, 3), "bias": (2,)})


@pytest.fixture(scope="session")
def reference(repository):
    """The solved package behind handles."""
    return ReferenceLibrary(repository / "reference" / "tinytorch", TABLE)


@pytest.fixture
def fails():
    """`with fails("words"):` the student's failure with these words in it, and nothing else."""

    def expect(words="", status="failed"):
        return Expected(words, status)

    return expect


class Expected:
    def __init__(self, words, status):
        self.words, self.status = words, status
        self.failure = None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        assert kind is StudentFailure, f"expected a StudentFailure, got {kind}: {error}"
        assert self.words in error.message, error.message
        assert error.status == self.status, error.status
        self.failure = error
        return True


@pytest.fixture
def course(tmp_path) -> Course:
    """Three assignments of two files each; the solution's files say `released`."""
    released = tmp_path / "reference" / "tinytorch"
    released.mkdir(parents=True)
    for name in ("one", "two", "three", "shared"):
        (released / f"{name}.py").write_text(f"{name} = 'released'\n")
    root = tmp_path / "assignments"
    names = ("assignment1", "assignment2", "assignment3")
    return Course("tiny", root, "tinytorch", tmp_path / "reference", tmp_path / "template", None, names)


@pytest.fixture
def assignment(course):
    """`assignment(number, files)`: one of the course's assignments."""

    def make(number: int, *files: str) -> Assignment:
        return Assignment(
            id=f"assignment{number}",
            title=f"Assignment {number}",
            root=course.root / f"assignment{number}",
            course=course,
            points=10,
            groups=(),
            files=files,
            earlier="auto",
            surface=Surface(),
            limits=Limits(),
            hints="full",
            minimum_isolation="none",
            extra={},
        )

    return make


@pytest.fixture
def submission(tmp_path) -> Submission:
    """The student's files say `own`."""
    root = tmp_path / "submission"
    (root / "tinytorch").mkdir(parents=True)
    for name in ("one", "two", "three", "shared", "extra"):
        (root / "tinytorch" / f"{name}.py").write_text(f"{name} = 'own'\n")
    return Submission(str(root), root, "0" * 64, ())


@pytest.fixture
def work(tmp_path) -> Path:
    return tmp_path / "work"
