"""A course whose checks take no time, and a class of submissions for it: what is measured is the grader around them."""

from __future__ import annotations

from pathlib import Path

COURSE = {
    "course/course.toml": """\
name = "Tiny"
package = "tinypkg"
reference = "../solution"
template = "../stubs"
assignments = ["alpha"]
""",
    "course/alpha/assignment.toml": """\
title = "First steps"
points = 10
files = ["ops.py"]

[limits]
cpu_seconds = 1

[late]
percent_per_day = 10
most_percent = 50

[[groups]]
file = "test_ops.py"
title = "ops"
points = 10
""",
    "course/alpha/test_ops.py": """\
import pytest


@pytest.mark.points(6)
@pytest.mark.title("add")
@pytest.mark.task("A1.1")
def test_add(student):
    assert student.fetch(student.ops.add(2, 3)) == 5, "2 + 3 is 5"


@pytest.mark.points(4)
@pytest.mark.title("double")
@pytest.mark.task("A1.2")
def test_double(student):
    assert student.fetch(student.ops.double(4)) == 8, "twice 4 is 8"
""",
    "solution/tinypkg/__init__.py": "",
    "solution/tinypkg/ops.py": "def add(a, b):\n    return a + b\n\n\ndef double(a):\n    return 2 * a\n",
    "stubs/tinypkg/__init__.py": "",
}

#: What a student may hand in, by kind: the functions `add` and `double`.
OPS = {
    "right": "def add(a, b):\n    return a + b\n\n\ndef double(a):\n    return 2 * a\n",
    "wrong": "def add(a, b):\n    return a + b\n\n\ndef double(a):\n    return a\n",
    "crash": "import os\n\n\ndef add(a, b):\n    os._exit(3)\n\n\ndef double(a):\n    return 2 * a\n",
    "memory": "def add(a, b):\n    return bytearray(1 << 36)\n\n\ndef double(a):\n    return 2 * a\n",
    "syntax": "def add(a, b)\n",
    "hang": "def add(a, b):\n    while True:\n        pass\n\n\ndef double(a):\n    return 2 * a\n",
    "sleep": "import time\n\n\ndef add(a, b):\n    time.sleep(3600)\n\n\ndef double(a):\n    return 2 * a\n",
}
#: Points of each kind.
POINTS = {"right": 10, "wrong": 6, "crash": 4, "memory": 4, "syntax": 0, "hang": 4, "sleep": 4}


def write_course(root: Path) -> Path:
    """Write the course below `root` and give the folder for --course."""
    for name, text in COURSE.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return root / "course"


def write_class(folder: Path, kinds: dict[str, str]) -> Path:
    """Write a submission per student: student -> a key of `OPS`, or the text of ops.py itself."""
    for number, (student, kind) in enumerate(kinds.items()):
        package = folder / student / "tinypkg"
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").write_text("")
        # the number makes each its own: equal work is graded in equal ways, but each for itself
        (package / "ops.py").write_text(f"# {number}\n{OPS.get(kind, kind)}", encoding="utf-8")
    return folder
