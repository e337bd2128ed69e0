"""The search for a cause in earlier assignments, with checks that say which files they need released."""

import pytest

from tinygrade.checks.stack import Stack
from tinygrade.checks.upstream import Found, Upstream
from tinygrade.failures import StudentFailure


@pytest.fixture
def stack(assignment, submission, work):
    """Assignment 3 on two earlier ones; `shared.py` is begun in the first and completed in the second."""
    work.mkdir()
    earlier = [assignment(1, "one.py", "shared.py"), assignment(2, "shared.py", "two.py", "three.py")]
    return Stack(assignment(3, "three.py"), earlier, submission, "auto", work)


def search(stack, right, known=None):
    """`right(released files)`; gives what was found, and what was tried."""
    tried = []

    def passes(package):
        files = frozenset(f.name for f in package.folder.glob("*.py") if "released" in f.read_text())
        tried.append(sorted(files))
        return right(files)

    return Upstream(stack, passes, [] if known is None else known).find(), tried


def test_a_check_that_is_wrong_with_released_ones_too_is_tried_once(stack):
    found, tried = search(stack, lambda released: False)
    assert found is None
    assert tried == [["one.py", "shared.py", "two.py"]]  # three.py belongs to the assignment that is graded


@pytest.mark.parametrize(
    ("file", "cause"), [("one.py", "assignment1"), ("shared.py", "assignment1"), ("two.py", "assignment2")]
)
def test_the_one_file_is_named(stack, file, cause):
    found, _ = search(stack, lambda released: file in released)
    assert found == Found(cause, file, cause)


def test_where_two_files_are_wrong_the_assignment_is_named(stack):
    found, _ = search(stack, lambda released: {"one.py", "shared.py"} <= released)
    assert found == Found("assignment1", "", "assignment1")
    found, _ = search(stack, lambda released: {"one.py", "two.py"} <= released)
    assert found == Found("assignment2", "", "assignment2")


def test_what_must_be_swapped_is_tried_and_not_assumed(stack):
    """The cause is in the first, and the student's second does not fit the solution's first."""
    found, _ = search(stack, lambda released: released == {"one.py"} or "two.py" in released)
    assert found == Found("assignment1", "one.py", "assignment2")


def test_a_known_cause_is_tried_first(stack):
    known = []
    search(stack, lambda released: "two.py" in released, known)
    found, tried = search(stack, lambda released: "two.py" in released, known)
    assert (found.file, tried) == ("two.py", [["two.py"]])


def test_what_is_the_solution_already_is_not_tried(stack, submission, course):
    own, solved = submission.root / "tinytorch", course.reference / "tinytorch"
    (own / "one.py").write_bytes((solved / "one.py").read_bytes())
    found, tried = search(stack, lambda released: "two.py" in released)
    assert found == Found("assignment2", "two.py", "assignment2")
    assert ["one.py"] not in tried
    for name in ("shared.py", "two.py"):
        (own / name).write_bytes((solved / name).read_bytes())
    assert search(stack, lambda released: True) == (None, [])


def test_what_is_swapped_is_not_tried_again(stack):
    failure = StudentFailure("wrong")
    stack.swap_late("assignment2", "assignment2", "late", failure)
    known = [Found("assignment2", "two.py", "assignment2")]
    assert search(stack, lambda released: True, known) == (None, [])
    assert [(swap.assignment, swap.source) for swap in stack.swaps] == [
        ("assignment1", "released"),
        ("assignment2", "released"),
    ]
    with pytest.raises(StudentFailure, match="assignment2 was swapped for the released solution: wrong"):
        stack.require_own()
