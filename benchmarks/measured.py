"""What one command costs: wall and CPU seconds, its descendants included."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
TINYGRADE = [sys.executable, "-P", "-m", "tinygrade"]


class Cost(NamedTuple):
    """Seconds."""

    wall: float
    #: Of the process and of its descendants that were waited for.
    cpu: float


def cost_of(command: Sequence[str], codes: Sequence[int] = (0, 1)) -> Cost:
    """Run a command in the repository's folder, without its output; it must end with one of these codes."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode in codes, done.stdout + done.stderr
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
