"""The student's template: made from the reference, current, and without a line of the solution."""

import ast
import os
import re

import pytest

from tinygrade.config import load_assignment, load_course
from tinygrade.errors import CourseError, UsageError
from tinygrade.template import generate, init_student_folder, is_current, solution_lines, strip, write_template

REFERENCE = '''"""Why."""

import os

# BEGIN SOLUTION
import math


def helper():
    return math.pi
# END SOLUTION


def area(r):
    """The area of a circle."""
    r = float(r)
    # BEGIN SOLUTION A1.1: multiply "pi" by r squared
    square = r * r

    return helper() * square
    # END SOLUTION


class Square:
    def area(self):
        # BEGIN SOLUTION A1.2: square it
        return self.side**2
        # END SOLUTION
'''
TEMPLATE = '''"""Why."""

import os


def area(r):
    """The area of a circle."""
    r = float(r)
    raise NotImplementedError("A1.1: multiply \\"pi\\" by r squared")


class Square:
    def area(self):
        raise NotImplementedError("A1.2: square it")
'''


# ---- one file --------------------------------------------------------------------------------------


def test_solutions_become_stubs_and_helpers_disappear():
    assert strip(REFERENCE, "area.py") == TEMPLATE


def test_a_file_without_solutions_stays_as_it_is():
    assert strip(TEMPLATE, "area.py") == TEMPLATE
    assert strip("", "empty.py") == ""


@pytest.mark.parametrize(
    ("source", "line", "problem"),
    [
        ("# BEGIN SOLUTION\nx = 1\n", 1, "does not end"),
        ("x = 1\n# END SOLUTION\n", 2, "no solution begins"),
        ("# BEGIN SOLUTION\n# BEGIN SOLUTION\n# END SOLUTION\n", 2, "begins inside the one of line 1"),
        ("def f():\n    # BEGIN SOLUTION A1.1: x\n    pass\n# END SOLUTION\n", 4, "indentation"),
        ("def f():\n    # BEGIN SOLUTION\n    pass\n    # END SOLUTION\n", 2, "names its task"),
        ("def f():\n    # BEGIN SOLUTION do it\n    pass\n    # END SOLUTION\n", 2, "names its task"),
        ("# BEGIN SOLUTON\nx = 1\n# END SOLUTION\n", 1, "looks like a marker"),
        ("#BEGIN SOLUTION\nx = 1\n# END SOLUTION\n", 1, "looks like a marker"),
        ("### begin your solution\nx = 1\n", 1, "looks like a marker"),
        ("# BEGIN SOLUTION\nx = 1\n# END SOLUTION.\n", 3, "looks like a marker"),
    ],
)
def test_wrong_markers_are_told_by_file_and_line(source, line, problem):
    with pytest.raises(CourseError, match=rf"^ops\.py:{line}: .*{problem}"):
        strip(source, "ops.py")


def test_a_stub_outside_a_function_would_end_the_import():
    source = "class A:\n    # BEGIN SOLUTION A1.1: x\n    x = 1\n    # END SOLUTION\n"
    with pytest.raises(CourseError, match="outside a function"):
        strip(source, "ops.py")


def test_what_is_left_must_be_python():
    source = "def f():\n# BEGIN SOLUTION\n    pass\n# END SOLUTION\n"
    with pytest.raises(CourseError, match=r"ops\.py: without its solutions, line \d+ is not Python"):
        strip(source, "ops.py")


# ---- a course --------------------------------------------------------------------------------------


@pytest.fixture
def course(make_course, tmp_path):
    course = load_course(make_course())
    (course.reference / "tinytorch").mkdir(parents=True)
    (course.reference / "tinytorch/area.py").write_text(REFERENCE)
    course.template.mkdir()
    (course.template / "README.md").write_text("Welcome\n")
    return course


def test_writing_makes_the_template_current_and_leaves_the_rest_alone(course):
    assert is_current(course) == ["tinytorch/area.py"]
    (course.template / "tinytorch").mkdir()
    (course.template / "tinytorch/gone.py").write_text("")
    assert write_template(course) == ["tinytorch/area.py", "tinytorch/gone.py"]
    assert is_current(course) == write_template(course) == []
    assert (course.template / "tinytorch/area.py").read_text() == TEMPLATE
    assert (course.template / "README.md").read_text() == "Welcome\n"
    assert sorted(os.listdir(course.template / "tinytorch")) == ["area.py"]


def test_solution_lines_are_those_that_stand_nowhere_else(course):
    assert solution_lines(course) == {
        "import math",
        "def helper():",
        "return math.pi",
        "square = r * r",
        "return helper() * square",
        "return self.side**2",
    }


def test_a_reference_that_is_missing_or_unreadable_is_told(course):
    (course.reference / "tinytorch/area.py").write_bytes(b"\xff")
    with pytest.raises(CourseError, match=r"area\.py: cannot be read"):
        generate(course)
    (course.reference / "tinytorch/area.py").unlink()
    with pytest.raises(CourseError, match=r"holds no \.py file to make the template from"):
        generate(course)


def test_a_students_folder_is_started_and_never_overwritten(course, tmp_path):
    write_template(course)
    (course.template / "tinytorch/__pycache__").mkdir()
    (course.template / "tinytorch/__pycache__/area.pyc").write_text("")
    folder = tmp_path / "new/work"
    assert init_student_folder(course, folder) == (["README.md", "tinytorch/area.py"], [])
    (folder / "tinytorch/area.py").write_text("mine")
    (folder / "README.md").unlink()
    assert init_student_folder(course, folder) == (["README.md"], ["tinytorch/area.py"])
    assert (folder / "tinytorch/area.py").read_text() == "mine"
    assert sorted(os.listdir(folder)) == ["README.md", "tinytorch"]


def test_a_dangling_link_of_the_student_is_left_alone(course, tmp_path):
    write_template(course)
    os.symlink("nowhere", tmp_path / "README.md")
    written, left_alone = init_student_folder(course, tmp_path)
    assert left_alone == ["README.md"]
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_cannot_be_written_is_told(course, tmp_path):
    write_template(course)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        init_student_folder(course, tmp_path / "file")


def test_a_course_without_a_template_is_told(course, tmp_path):
    with pytest.raises(CourseError, match="holds no template of tinytorch"):
        init_student_folder(course, tmp_path / "work")


# ---- the template of this repository ---------------------------------------------------------------


@pytest.fixture(scope="module")
def ours(repository):
    return load_course(repository / "assignments")


def test_our_template_is_current(ours):
    assert is_current(ours) == [], "run scripts/template"


def test_our_template_holds_no_line_of_the_solution(ours):
    secret = solution_lines(ours)
    assert len(secret) > 50
    for file in sorted(ours.template.rglob("*")):
        if file.is_file() and file.suffix != ".pyc":
            leaked = {line.strip() for line in file.read_text("utf-8").splitlines()} & secret
            assert not leaked, file


def raises(text):
    """The lines of a file that raise NotImplementedError; the reference has some of its own (abstract methods)."""
    nodes = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Raise))
    return {line for line in map(ast.unparse, nodes) if "NotImplementedError" in line}


def test_every_stub_names_its_task(ours):
    stubs = set()
    for name, text in generate(ours).items():
        new = raises(text) - raises((ours.reference / name).read_text("utf-8"))
        unnamed = [line for line in new if not re.search(r"NotImplementedError\(.A\d+\.\d+: \S", line)]
        assert not unnamed, name
        stubs |= new
    assert len(stubs) > 30


def test_the_files_of_the_assignments_exist(ours):
    listed = {file for name in ours.assignments for file in load_assignment(ours, name).files}
    missing = [file for file in sorted(listed) if not (ours.reference / ours.package / file).exists()]
    assert not missing
