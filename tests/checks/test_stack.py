"""Where earlier assignments are taken from."""

import pytest

from tinygrade.checks.stack import Stack
from tinygrade.errors import UsageError
from tinygrade.failures import StudentFailure


@pytest.fixture
def stack(assignment, submission, work):
    """`stack(policy)`: grading assignment 3, which completes `three.py` and rewrites `shared.py`."""

    def make(policy):
        earlier = [assignment(1, "one.py", "shared.py"), assignment(2, "two.py")]
        return Stack(assignment(3, "three.py", "shared.py"), earlier, submission, policy, work)

    return make


def sources(stack):
    """Which files of the composed package say `released`."""
    texts = {path.stem: path.read_text() for path in stack.package.folder.glob("*.py")}
    return {name for name, text in texts.items() if "released" in text}


def test_own_files_are_copied_as_they_are(stack, submission):
    made = stack("own")
    assert sources(made) == set()
    assert made.package.files == {"one.py", "two.py", "three.py", "shared.py", "extra.py"}
    assert made.package.name == made.package.folder.name == "tinytorch"
    assert submission.root not in made.package.folder.parents


def test_released_takes_the_earlier_assignments_and_nothing_else(stack):
    made = stack("released")
    # Never a file of the assignment that is being graded, whoever else lists it.
    assert sources(made) == {"one", "two"}
    assert [(swap.assignment, swap.source) for swap in made.swaps] == [
        ("assignment1", "released"),
        ("assignment2", "released"),
    ]
    assert made.undecided == []


def test_the_submission_and_the_solution_are_left_alone(stack, submission, course):
    stack("released")
    assert "own" in (submission.root / "tinytorch" / "one.py").read_text()
    assert "released" in (course.reference / "tinytorch" / "three.py").read_text()


def test_auto_starts_with_the_own_files(stack):
    made = stack("auto")
    assert sources(made) == set()
    assert made.undecided == ["assignment1", "assignment2"]


def test_auto_swaps_what_failed(stack):
    made = stack("auto")
    before = made.package
    made.failed("assignment1", "Tape", StudentFailure("wrong sum"))
    assert sources(made) == {"one"}
    assert made.package.folder != before.folder
    assert made.undecided == ["assignment2"]
    made.decide("assignment2")
    assert [(swap.assignment, swap.source, swap.reason) for swap in made.swaps] == [
        ("assignment1", "released", "Tape: wrong sum"),
        ("assignment2", "own", ""),
    ]
    assert sources(made) == {"one"}


def test_own_keeps_what_failed_and_says_so(stack):
    made = stack("own")
    made.failed("assignment1", "Tape", StudentFailure("wrong sum"))
    assert sources(made) == set()
    assert [(swap.source, swap.reason) for swap in made.swaps] == [("own", "Tape: wrong sum")]


def test_a_stub_is_named_as_such(stack):
    made = stack("auto")
    made.failed("assignment2", "Tape", StudentFailure("Task A2.1", status="not_implemented"))
    assert next(s.reason for s in made.swaps if s.assignment == "assignment2") == "not implemented yet"


@pytest.mark.parametrize("policy", ["own", "auto"])
def test_a_decision_is_made_once(stack, policy):
    made = stack(policy)
    made.failed("assignment1", "Tape", StudentFailure("first"))
    swaps, folder = list(made.swaps), made.package.folder
    made.failed("assignment1", "Sum", StudentFailure("second"))
    made.decide("assignment1")
    assert made.swaps == swaps
    assert made.package.folder == folder


def test_a_new_package_forgets_what_was_broken(stack):
    made = stack("auto")
    made.package.broken["one"] = StudentFailure("cannot be imported")
    made.failed("assignment1", "Tape", StudentFailure("wrong"))
    assert made.package.broken == {}


def test_the_own_stack_that_passed(stack):
    made = stack("auto")
    made.decide("assignment1")
    made.require_own()


@pytest.mark.parametrize(("policy", "words"), [("auto", "swapped for the released solution"), ("own", "not right")])
def test_the_own_stack_that_failed(stack, fails, policy, words):
    made = stack(policy)
    made.failed("assignment1", "Tape", StudentFailure("wrong sum", where="one.py:3 f", hint="Which?"))
    made.failed("assignment1", "Sum", StudentFailure("second"))
    with fails(f"assignment1 was {words}: wrong sum") as caught:
        made.require_own()
    assert (caught.failure.where, caught.failure.hint) == ("one.py:3 f", "Which?")


def test_the_own_stack_with_a_stub(stack, fails):
    made = stack("auto")
    made.failed("assignment1", "Tape", StudentFailure("Task A1.2", status="not_implemented"))
    with fails("Task A1.2", "not_implemented"):
        made.require_own()


def test_the_own_stack_that_was_not_used(stack, fails):
    with fails("--earlier released"):
        stack("released").require_own()


# ---- a course that was handed out without all of its solutions -----------------------------------------


@pytest.fixture
def without(course):
    """Take the solution's file away."""
    return lambda name: (course.reference / "tinytorch" / f"{name}.py").unlink()


def test_what_has_no_solution_stays_the_students_own(stack, without):
    without("one")
    made = stack("auto")
    made.failed("assignment1", "Tape", StudentFailure("wrong sum"))
    assert sources(made) == set()
    assert [(swap.assignment, swap.source, swap.reason) for swap in made.swaps] == [
        ("assignment1", "own", "Tape: wrong sum")
    ]
    with pytest.raises(StudentFailure, match="assignment1 was not right: wrong sum"):
        made.require_own()


def test_a_solution_is_not_swapped_in_without_those_before_it(stack, without):
    without("one")
    made = stack("auto")
    made.failed("assignment2", "Layers", StudentFailure("wrong sum"))
    assert sources(made) == set()
    assert made.own_files() == {}
    assert made.candidates() == []


def test_solutions_up_to_a_release_are_swapped_in(stack, without):
    without("two")
    without("three")
    made = stack("auto")
    assert made.own_files() == {"assignment1": ["one.py"]}
    made.failed("assignment1", "Tape", StudentFailure("wrong sum"))
    assert sources(made) == {"one"}


def test_released_ones_must_be_there_when_they_are_asked_for(stack, without):
    without("two")
    with pytest.raises(UsageError, match="--earlier released: the solution of assignment2 is not in this course"):
        stack("released")
