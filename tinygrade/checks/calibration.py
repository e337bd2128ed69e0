"""How fast this machine is right now, compared with the nominal one.

A budget in CPU seconds would still be unfair: a second of a slow CPU is worth less. So a frozen piece of Python
and numpy, of the kind that training consists of, is timed in small slices throughout a run, and the budget is
scaled by how much longer it takes here than on the nominal machine.
"""

from __future__ import annotations

import time
from collections import deque
from statistics import median

import numpy as np

#: The kernel below must never change under the same version: recorded results depend on it.
VERSION = 1
#: CPU seconds of one slice on the nominal machine: one core of a 2-core virtual server, CPython 3.11, numpy 2.4,
#: median of 2,000 slices (`python -m benchmarks.calibration`).
NOMINAL_SECONDS = 0.00070
#: A machine faster than the nominal one does not shorten the budget; a slower one stretches it at most four times.
CLAMP = (1.0, 4.0)
WINDOW = 41


def kernel() -> float:
    """Version 1: attention-sized numpy calls between Python arithmetic. The result only keeps it honest."""
    a = np.arange(9 * 16, dtype=np.float64).reshape(9, 16) / 144.0
    w = np.arange(16 * 64, dtype=np.float64).reshape(16, 64) / 1024.0
    total = 0.0
    for i in range(60):
        h = np.tanh(a @ w)
        e = np.exp(h - h.max(axis=-1, keepdims=True))
        total += float((e / e.sum(axis=-1, keepdims=True))[i % 9, i % 64])
        total += sum(k * 0.5 for k in range(40))
    return total


def slice_seconds() -> float:
    """CPU seconds of this thread for one slice: waiting for a CPU does not count."""
    start = time.thread_time()
    kernel()
    return time.thread_time() - start


class Calibration:
    """The factor by which budgets are stretched, from the median of the last slices."""

    def __init__(self) -> None:
        slice_seconds()  # the first one pays for cold caches
        self._slices: deque[float] = deque((slice_seconds() for _ in range(5)), WINDOW)

    def sample(self) -> None:
        """Time one more slice."""
        self._slices.append(slice_seconds())

    @property
    def factor(self) -> float:
        """At least 1 and at most 4."""
        low, high = CLAMP
        return min(high, max(low, median(self._slices) / NOMINAL_SECONDS))
