"""Several tasks at a time, each outcome as it comes, and an end that waits for nobody."""

from __future__ import annotations

import threading
import time

import pytest

from tinygrade.errors import CourseError
from tinygrade.executor import Outcome, Task
from tinygrade.executors.local import LocalExecutor

TASKS = [Task(f"s{i}", "", "") for i in range(20)]


@pytest.fixture
def executor():
    made = LocalExecutor(jobs=3)
    yield made
    made.close()


def nothing(task):
    pass


def test_every_task_has_one_outcome(executor):
    found = list(executor.run(TASKS, lambda task: Outcome(task, "complete"), nothing))
    assert sorted(outcome.task.student for outcome in found) == sorted(task.student for task in TASKS)


def test_no_more_at_a_time_than_asked_for(executor):
    lock, now, most = threading.Lock(), 0, 0

    def grade(task):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        with lock:
            now -= 1
        return Outcome(task, "complete")

    list(executor.run(TASKS, grade, nothing))
    assert most == 3


def test_outcomes_come_before_the_end_and_tasks_are_not_handed_out_early(executor):
    started = []
    outcomes = executor.run(TASKS, lambda task: Outcome(task, "complete"), started.append)
    next(outcomes)
    assert len(started) <= 4


def test_what_concerns_the_whole_run_ends_it(executor):
    def grade(task):
        raise CourseError("the course is broken")

    with pytest.raises(CourseError):
        list(executor.run(TASKS, grade, nothing))


def test_nothing_starts_after_the_end():
    executor = LocalExecutor(jobs=1)
    started = []
    outcomes = executor.run(TASKS, lambda task: Outcome(task, "complete"), started.append)
    next(outcomes)
    executor.close()
    list(outcomes)
    assert len(started) <= 2
