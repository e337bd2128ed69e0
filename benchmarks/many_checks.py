"""Does a check cost the same however many there are? `python -m benchmarks.many_checks [--rounds 3]`.

A course that is made for it, with one assignment of N small checks (one call and one comparison each, in a worker of
its own), for N from 10 to 1,000; the sizes take turns. The least squares line through CPU seconds and N gives what a
run costs at all and what each check adds. Prints a table on standard error and JSON on standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.measured import TINYGRADE, cost_of

SIZES = (10, 30, 100, 300, 1000)
COURSE = """
name = "many"
package = "many"
reference = "reference"
template = "reference"
assignments = ["assignment1"]
"""
ASSIGNMENT = """
title = "Many checks"
points = {size}
files = ["sums.py"]
[surface]
tensor = "sums.Number"
[[groups]]
file = "test_1.py"
title = "sums"
points = {size}
"""
PACKAGE = "class Number:\n    pass\n\n\ndef add(a, b):\n    return a + b\n"
CHECK = """
@pytest.mark.points(1)
def test_add_{n}(parity):
    parity(lambda lib: lib.sums.add({n}, 1), "add({n}, 1)")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    costs: dict[int, list[float]] = {size: [] for size in SIZES}
    with tempfile.TemporaryDirectory() as folder:
        courses = {size: write_course(Path(folder) / str(size), size) for size in SIZES}
        for _ in range(options.rounds):
            for size, course in courses.items():
                command = ["check", "assignment1", "--course", str(course), "--submission", str(course / "reference")]
                costs[size].append(cost_of([*TINYGRADE, *command], codes=(0,)).cpu)
    cpu = {size: statistics.median(values) for size, values in costs.items()}
    each, start = np.polyfit([*cpu], [*cpu.values()], 1)
    rows = {
        size: {"cpu_seconds": round(used, 2), "ms_each": round(1000 * (used - start) / size, 2)}
        for size, used in cpu.items()
    }
    for size, row in rows.items():
        print(f"{size:5} checks  {row['cpu_seconds']:7.2f} s of CPU  {row['ms_each']:6.2f} ms each", file=sys.stderr)
    line = {"start_seconds": round(float(start), 3), "ms_each": round(1000 * float(each), 2)}
    print(json.dumps({"sizes": rows, "line": line, "load_before": load}, indent=1))


def write_course(root: Path, size: int) -> Path:
    """A course of one assignment with `size` checks, and its solution."""
    checks = "import pytest\n" + "".join(f"\n{CHECK.format(n=n)}" for n in range(size))
    files = {
        "course.toml": COURSE,
        "assignment1/assignment.toml": ASSIGNMENT.format(size=size),
        "assignment1/test_1.py": checks,
        "reference/many/__init__.py": "",
        "reference/many/sums.py": PACKAGE,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


if __name__ == "__main__":
    main()
