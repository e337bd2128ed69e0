"""Which lines of a check file decide about one check alone, and which about all."""

from __future__ import annotations

import pytest
from tiny_class import write_course

from tinygrade import config
from tinygrade.coordinator.apart import SHARED, prints, split

TWO = '''import pytest

FIVE = 5


@pytest.mark.points(6)
@pytest.mark.title("add")
def test_add(student):
    # a comment
    assert student.fetch(student.ops.add(2, 3)) == FIVE


def test_double(student):
    pass
'''


def test_functions_stand_apart_with_their_marks():
    found = split(TWO)
    assert found.shared == "import pytest\nFIVE = 5"
    assert found.checks.keys() == {"test_add", "test_double"}
    assert found.checks["test_add"].startswith("@pytest.mark.points(6)\n")
    assert found.checks["test_add"].endswith("== FIVE")


@pytest.mark.parametrize(
    "text",
    [
        "@wrapped\ndef test_add(student):\n    pass\n",
        "@pytest.mark.points(n := 6)\ndef test_add(student):\n    pass\n",
        "def test_add(student, n=(m := 6)):\n    pass\n",
        "def test_add(student):\n    pass\n\n\ndef test_add(student):\n    pass\n",
        "class TestMore:\n    def test_add(self, student):\n        pass\n",
        "if True:\n    def test_add(student):\n        pass\n",
        "def test_add(student:\n",
    ],
    ids=["decorator", "binds a name", "binds in a default", "twice", "class", "nested", "no Python"],
)
def test_what_does_not_stand_apart_is_shared(text):
    found = split(text)
    assert not found.checks
    assert found.shared == "\n".join(line for line in text.splitlines() if line.strip()) or found.shared == text


def test_a_name_that_something_else_uses_is_shared():
    assert split(TWO, known={"test_add"}).checks.keys() == {"test_double"}


@pytest.fixture
def found(tmp_path):
    """`found()`: the hashes as they are now; the course is below `tmp_path`."""
    course = write_course(tmp_path)
    return lambda: prints(config.load_assignment(config.load_course(course), "alpha"))


def test_a_change_of_one_check_changes_its_hash_alone(found, tmp_path):
    before = found()
    assert before.keys() == {SHARED, "test_ops.py::test_add", "test_ops.py::test_double"}
    file = tmp_path / "course/alpha/test_ops.py"
    file.write_text(file.read_text().replace("double(4)) == 8", "double(3)) == 6"))
    after = found()
    assert {key for key in before if before[key] != after[key]} == {"test_ops.py::test_double"}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("course/course.toml", "\n# changed\n"),
        ("course/alpha/assignment.toml", "\n# changed\n"),
        ("course/conftest.py", "x = 1\n"),
        ("course/alpha/data.csv", "1\n"),
        ("solution/tinypkg/ops.py", "\n# changed\n"),
        ("course/alpha/test_ops.py", "\nMORE = 1\n"),
    ],
)
def test_a_change_of_anything_else_changes_all(found, tmp_path, file, text):
    before = found()
    with open(tmp_path / file, "a") as stream:
        stream.write(text)
    after = found()
    assert before.keys() == after.keys()
    assert all(before[key] != after[key] for key in before)


def test_names_that_two_files_share(found, tmp_path):
    (tmp_path / "course/alpha/helpers.py").write_text("from test_ops import test_add\n")
    assert found().keys() == {SHARED, "test_ops.py::test_double"}


def test_the_checks_of_this_course_stand_apart(repository):
    course = config.load_course(repository / "assignments")
    assert len(prints(config.load_assignment(course, "assignment3"))) >= 20, "of 24"
