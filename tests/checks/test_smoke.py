"""Smoke checks decide about earlier assignments, one failure at a time."""

from types import SimpleNamespace

import pytest

from tinygrade.checks.results import Outcome
from tinygrade.checks.smoke import Smoke
from tinygrade.checks.stack import Stack


@pytest.fixture
def run(assignment, submission, work, course):
    """A grading of assignment 3 with its smoke checks, and `item(path)` to make tests of it."""
    earlier = [assignment(1, "one.py"), assignment(2, "two.py")]
    graded = assignment(3, "three.py")
    events = []
    grading = SimpleNamespace(
        assignment=graded,
        stack=Stack(graded, earlier, submission, "auto", work),
        emit=events.append,
        student=lambda *_: pytest.fail("no worker is needed"),
    )

    def item(path):
        return SimpleNamespace(path=course.root / path)

    return SimpleNamespace(smoke=Smoke(grading), stack=grading.stack, events=events, item=item)


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("assignment1/smoke/test_a.py", "assignment1"),
        ("assignment2/smoke/test_a.py", "assignment2"),
        ("assignment3/smoke/test_a.py", None),
        ("assignment3/test_a.py", None),
        ("assignment1/test_a.py", None),
        ("assignment1/hidden/test_a.py", None),
    ],
)
def test_whose_check_it_is(run, path, owner):
    assert run.smoke.owner(run.item(path)) == owner


def test_smoke_checks_stand_apart(run):
    items = [run.item(f"{folder}/test_a.py") for folder in ("assignment3", "assignment1/smoke", "assignment2/smoke")]
    smoke, checks = run.smoke.split(items)
    assert smoke == items[1:]
    assert checks == items[:1]


def failed(message="wrong"):
    return Outcome("", "failed", 0.0, message)


def test_a_decided_assignment_is_skipped(run):
    first, second = run.item("assignment1/smoke/test_a.py"), run.item("assignment1/smoke/test_b.py")
    assert not run.smoke.is_decided(first)
    run.smoke.ended("assignment1", "Tape", failed())
    assert run.smoke.is_decided(second)
    assert not run.smoke.is_decided(run.item("assignment2/smoke/test_a.py"))
    assert not run.smoke.is_decided(run.item("assignment3/test_a.py"))


def test_a_pass_decides_nothing_until_the_next_assignment_has_its_turn(run):
    first = run.item("assignment1/smoke/test_a.py")
    run.smoke.ended("assignment1", "Tape", Outcome("", "passed", 1.0))
    assert not run.smoke.is_decided(first)
    assert not run.smoke.is_decided(run.item("assignment2/smoke/test_a.py"))
    assert run.smoke.is_decided(first)
    assert run.stack.undecided == ["assignment2"]


def test_our_own_fault_is_no_reason_to_swap(run):
    with pytest.raises(RuntimeError, match="smoke check of assignment1: we fell"):
        run.smoke.ended("assignment1", "Tape", Outcome("", "grader_error", 0.0, "we fell"))
    assert run.stack.swaps == []


def test_at_the_end_everything_is_decided_and_told_once(run):
    run.smoke.ended("assignment2", "Sum", failed("wrong sum"))
    run.smoke.finish()
    run.smoke.finish()
    assert run.stack.undecided == []
    assert len(run.events) == 1
    assert run.events[0].swaps == tuple(run.stack.swaps)
    assert any(swap.assignment == "assignment2" and swap.source == "released" for swap in run.stack.swaps)
