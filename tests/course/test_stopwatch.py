"""Ratios of CPU time: of real work in a real process, whatever else the machine does; and what a ratio may claim."""

import os
import time
from types import SimpleNamespace

import pytest

from tinygrade.sandboxes import clock

OURSELVES = SimpleNamespace(worker=SimpleNamespace(busy_seconds=lambda: clock.busy_seconds(os.getpid())))
SILENT = SimpleNamespace(worker=SimpleNamespace(busy_seconds=lambda: 0.0))


def compute(seconds):
    """Work for so long on a CPU, and then sleep as long again: sleep is no work."""
    start = time.thread_time()
    while time.thread_time() - start < seconds:
        pass
    time.sleep(seconds)


def test_only_time_on_a_cpu_counts(course):
    times = course.stopwatch.Stopwatch()(OURSELVES, lambda: (lambda: compute(0.006), lambda: compute(0.002)), rounds=3)
    assert times.seconds[0] == pytest.approx(0.006, rel=0.4)
    assert 2 < times.ratio(0, 1) < 4


def test_pieces_take_turns_and_the_first_round_does_not_count(course):
    order = []
    slow_at_first = iter([0.05] + [0.0] * 9)

    def prepare():
        order.append("prepared")
        return (lambda: order.append("a") or time.sleep(next(slow_at_first)), lambda: order.append("b"))

    times = course.stopwatch.Stopwatch()(SILENT, prepare, rounds=3)  # a system that does not tell: wall time
    assert order == ["prepared", "a", "b"] * 4
    assert 0 < times.seconds[0] < 0.01


def test_the_slow_side_counts_for_no_more_than_calibrated_seconds(course):
    times = course.stopwatch.Times((0.4, 0.1), factor=1.5)
    assert times.ratio(0, 1) == pytest.approx(4)
    assert times.ratio(0, 1, cap=0.1) == pytest.approx(1.5)
    assert times.ratio(0, 1, cap=9.0) == pytest.approx(4)
