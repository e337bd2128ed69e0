"""The loader: one file becomes a package, and then a grade by a real check."""

import pytest
import tinygrade_example

from tinygrade import SubmissionError

CHECK = """
import pytest

@pytest.mark.points(1)
def test_double(parity, rng):
    x = rng.standard_normal(5)
    parity(lambda lib: lib.numbers.double(x), "double(x)")
"""
SOLUTION = {"numbers.py": "def double(x):\n    return 2 * x\n"}


def test_one_file_becomes_a_package(load, make_small_course, tmp_path):
    course = make_small_course(CHECK, SOLUTION)
    file = tmp_path / "numbers.py"
    file.write_text("def double(x):\n    return x + x\n")
    loaded = load(file, course, tinygrade_example)
    assert loaded.files == ("work/numbers.py",)
    assert (loaded.root / "work/numbers.py").read_text() == file.read_text()


def test_another_file_is_refused(load, make_small_course, tmp_path):
    file = tmp_path / "other.py"
    file.write_text("")
    with pytest.raises(SubmissionError, match=r"other.py: assignment1 asks for numbers.py$"):
        load(file, make_small_course(CHECK, SOLUTION), tinygrade_example)


@pytest.mark.parametrize(("body", "status"), [("x + x", "passed"), ("x * x", "failed")])
def test_it_is_graded(grade, make_small_course, tmp_path, body, status):
    """Through the entry point: the grading is a process of its own, which finds the installed plugin."""
    file = tmp_path / "numbers.py"
    file.write_text(f"def double(x):\n    return {body}\n")
    (result,) = grade(make_small_course(CHECK, SOLUTION), file).checks
    assert result.status == status
