"""How much longer one piece of a student's code takes than another, told so that it is fair on a busy machine.

What a worker says about time is not believed, and wall time is not fair: so the kernel is asked how long the worker
was on a CPU. That leaves out all time in which others ran. What remains, such as a cache or a clock that is shared
with others, is met by measuring in turns, by medians, and by judging a ratio; one that falls short is measured again.

A ratio has a denominator that belongs to the student. So that nobody wins by slowing it down, it counts for no more
than a number of calibrated seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import pytest

from tinygrade.checks.calibration import Calibration

ROUNDS = 7


@dataclass(frozen=True)
class Times:
    """Seconds of a CPU of each of several pieces: medians over the rounds."""

    seconds: tuple[float, ...]
    #: How much slower this machine is than the nominal one, at least 1.
    factor: float

    def ratio(self, slow: int, fast: int, cap: float | None = None) -> float:
        """How many times longer piece `slow` takes than piece `fast`.

        Args:
            cap: seconds on the nominal machine for which the slow one counts at most.
        """
        numerator = self.seconds[slow] if cap is None else min(self.seconds[slow], cap * self.factor)
        return numerator / max(self.seconds[fast], 1e-9)


class Stopwatch:
    """The fixture `stopwatch`."""

    def __call__(self, student: Any, prepare: Callable[[], Sequence[Callable[[], Any]]], rounds: int = ROUNDS) -> Times:
        """Time pieces in turns.

        Args:
            prepare: makes what a round needs, which is not timed, and gives the pieces; each is one request.
        """
        calibration = Calibration()
        measured: list[list[float]] = []
        for number in range(rounds + 1):
            round_ = [self._seconds(student, piece) for piece in prepare()]
            calibration.sample()
            if number:  # the first one pays for cold caches
                measured.append(round_)
        return Times(tuple(map(median, zip(*measured, strict=True))), calibration.factor)

    @staticmethod
    def _seconds(student: Any, piece: Callable[[], Any]) -> float:
        before, start = student.worker.busy_seconds(), time.perf_counter()
        piece()
        wall = time.perf_counter() - start
        # Where the system does not tell, it is a student's own laptop: there wall time has to do.
        return (student.worker.busy_seconds() - before) or wall


@pytest.fixture
def stopwatch() -> Stopwatch:
    """`stopwatch(student, prepare)`: CPU time of several pieces of the student's code, measured in turns."""
    return Stopwatch()
