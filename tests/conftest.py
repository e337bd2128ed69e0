"""What the tests of several modules need: the repository, and small courses made for one test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

COURSE_TOML = """
name = "tiny"
package = "tinytorch"
reference = "../reference"
template = "../template"
assignments = ["assignment1"]
"""
ASSIGNMENT_TOML = """
title = "First steps"
points = 10
files = ["tensor.py"]
[[groups]]
file = "test_1.py"
title = "one"
points = 10
"""


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).resolve().parents[1]


@pytest.fixture
def make_course(tmp_path: Path) -> Callable[..., Path]:
    """Write a course below `tmp_path` and give its folder; the texts of the two files may be replaced."""

    def make(course: str | bytes = COURSE_TOML, assignment: str | bytes = ASSIGNMENT_TOML) -> Path:
        root = tmp_path / "assignments"
        (root / "assignment1").mkdir(parents=True, exist_ok=True)
        for file, text in ((root / "course.toml", course), (root / "assignment1/assignment.toml", assignment)):
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
        (root / "assignment1/test_1.py").write_text("")
        return root

    return make
