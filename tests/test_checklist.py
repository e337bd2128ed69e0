"""What the name of a check may mean."""

import pytest

from tinygrade import checklist
from tinygrade.config import load_course
from tinygrade.errors import CourseError, UsageError


@pytest.fixture
def course(repository):
    return load_course(repository / "tests/courses/repro/assignments")


@pytest.mark.parametrize(
    "name",
    ["gradient", "test_gradient", "test_b.py::test_gradient", "B1.2", "b1.2", "two/gradient", "test_gradient[x]"],
)
def test_a_check_by_any_of_its_names(course, name):
    (found,) = checklist.find(course, name)
    assert (found.assignment, found.id) == ("two", "test_b.py::test_gradient")


def test_hidden_checks_are_found_and_known_as_such(course):
    (found,) = checklist.find(course, "secret")
    assert found.hidden


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gradeint", "did you mean 'gradient'?"),
        ("B1.3", "did you mean 'B1.2'?"),
        ("secert", "it takes a function"),
        ("shared", "several assignments: say one/shared or two/shared"),
        ("three/shared", "there is no assignment 'three'"),
        ("tow/shared", "did you mean 'two'?"),
        ("one/gradient", "there is no check 'one/gradient'"),
        ("", "there is no check ''"),
    ],
)
def test_names_that_mean_no_check(course, name, words):
    with pytest.raises(UsageError) as error:
        checklist.find(course, name)
    assert words in str(error.value)
    assert "secret" not in str(error.value)  # a hidden check is no suggestion


def test_names_of_several_assignments_are_known(course):
    assert checklist.shared_names(course) == {"test_shared"}


def test_every_check_of_this_course_is_listed(repository):
    found = checklist.read(load_course(repository / "assignments"))
    assert {"test_causal_mask", "test_training", "test_own_stack"} <= {check.function for check in found}
    tasks = set().union(*(check.tasks for check in found))
    assert {"A1.1", "A2.1", "A3.1"} <= tasks  # of assignment 1, whole files are marked


def test_marks_of_a_whole_file_count_where_a_check_has_none_of_its_own(make_course):
    root = make_course()
    (root / "assignment1/test_1.py").write_text(
        'pytestmark = [pytest.mark.task("B1.1"), pytest.mark.hidden]\n'
        "def test_one(student): ...\n"
        '@pytest.mark.task("B1.2")\ndef test_two(student): ...\n'
    )
    one, two = checklist.read(load_course(root))
    assert (one.tasks, two.tasks) == ({"B1.1"}, {"B1.2"})
    assert one.hidden
    assert two.hidden


def test_a_file_that_cannot_be_read_is_named(make_course):
    root = make_course()
    (root / "assignment1/test_1.py").write_text("def test_a(:\n")
    with pytest.raises(CourseError, match=r"test_1\.py: cannot be read"):
        checklist.read(load_course(root))
