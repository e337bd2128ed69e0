"""What a result may depend on changes the fingerprint, and nothing else does."""

from __future__ import annotations

import pytest
from tiny_class import write_course

from tinygrade import config
from tinygrade.coordinator.fingerprint import fingerprint


@pytest.fixture
def found(tmp_path):
    """`found()`: the fingerprint of the assignment as it is now."""
    course = write_course(tmp_path)
    return lambda: fingerprint(config.load_assignment(config.load_course(course), "alpha"))


@pytest.mark.parametrize(
    "file", ["course/alpha/test_ops.py", "course/alpha/assignment.toml", "solution/tinypkg/ops.py"]
)
def test_checks_limits_and_solution_count(found, tmp_path, file):
    before = found()
    assert found() == before
    with open(tmp_path / file, "a") as stream:
        stream.write("\n# changed\n")
    assert found() != before


def test_a_new_file_counts(found, tmp_path):
    before = found()
    (tmp_path / "course/alpha/hidden").mkdir()
    (tmp_path / "course/alpha/hidden/test_more.py").write_text("")
    assert found() != before


@pytest.mark.parametrize("file", ["README.md", "mutants/x.toml", "correct/x.toml", "__pycache__/x.py", ".git/x.py"])
def test_what_no_grading_reads_does_not(found, tmp_path, file):
    before = found()
    path = tmp_path / "course/alpha" / file
    path.parent.mkdir(exist_ok=True)
    path.write_text("x = 1\n")
    assert found() == before


def test_an_earlier_assignment_and_the_plugin_count(repository, tmp_path):
    import shutil

    for name in ("assignments", "reference", "student_template"):
        shutil.copytree(repository / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "mutants"))

    def now(name):
        return fingerprint(config.load_assignment(config.load_course(tmp_path / "assignments"), name))

    before = {name: now(name) for name in ("assignment1", "assignment3")}
    with open(tmp_path / "assignments/assignment2/assignment.toml", "a") as stream:
        stream.write("\n")
    assert now("assignment1") == before["assignment1"]
    assert now("assignment3") != before["assignment3"]
    before = {name: now(name) for name in before}
    with open(tmp_path / "assignments/course/judging.py", "a") as stream:
        stream.write("\n")
    assert all(now(name) != before[name] for name in before)
