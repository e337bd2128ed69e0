"""How long does a command take, cold? `python -m benchmarks.check_latency [--rounds 7] [--watch 5]`.

Help, plugins, and checks of the reference and of the untouched template, through the real command; beside them what any
program like this pays before it starts: `import click`, and `import numpy, pytest`. All take turns in one run, in an
order that is drawn anew for each round. Then `check --watch`: seconds from a save to the first verdict on the module
that was saved. Prints a table on standard error and JSON on standard output: medians of wall and CPU seconds (of all
processes), and their ratios to the bare imports of the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.measured import ROOT, TINYGRADE, Cost, cost_of

CLICK, BARE = "import click", "import numpy, pytest"
#: What is asked for: at most so many seconds, or so many times a bare import, on a quiet machine of two cores.
GOALS = {
    "help": "at most 3 x click",
    **dict.fromkeys(("assignment1", "assignment2"), "at most 1.5 s"),
    "assignment3": "at most 2.5 s",
    "template": "at most 1.2 s",
}


def check(assignment: str, submission: str) -> list[str]:
    return [*TINYGRADE, "check", assignment, "--submission", submission, "--seed", "41"]


COMMANDS = {
    CLICK: [sys.executable, "-P", "-c", CLICK],
    BARE: [sys.executable, "-P", "-c", BARE],
    "help": [*TINYGRADE, "--help"],
    "plugins": [*TINYGRADE, "plugins"],
    "assignment1": check("assignment1", "reference"),
    "assignment2": check("assignment2", "reference"),
    "assignment3": check("assignment3", "reference"),
    "template": check("assignment3", "student_template"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--watch", type=int, default=5, help="saves under --watch; 0 for none")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    costs: dict[str, list[Cost]] = {name: [] for name in COMMANDS}
    for _ in range(options.rounds):
        for name in random.sample(sorted(COMMANDS), len(COMMANDS)):
            costs[name].append(cost_of(COMMANDS[name]))
    rows = table(costs)
    saves = first_verdicts(options.watch) if options.watch else []
    for name, row in rows.items():
        shown = "  ".join(f"{key} {value:6.2f}" for key, value in row.items())
        print(f"{name:22} {shown}  {GOALS.get(name, '')}", file=sys.stderr)
    watch = {"median": round(statistics.median(saves), 3), "worst": round(max(saves), 3)} if saves else None
    print(f"save to first verdict: {watch}", file=sys.stderr)
    print(json.dumps({"commands": rows, "save_to_first_verdict": watch, "load_before": load}, indent=1))


def table(costs: dict[str, Sequence[Cost]]) -> dict[str, dict[str, float]]:
    """Medians by command, and how many times a bare import that is."""
    median = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in costs.items()}
    return {
        name: {
            "wall": round(wall, 3),
            "cpu": round(cpu, 3),
            "times_click": round(cpu / median[CLICK][1], 2),
            "times_numpy_pytest": round(cpu / median[BARE][1], 2),
        }
        for name, (wall, cpu) in median.items()
    }


def first_verdicts(saves: int) -> list[float]:
    """Seconds from each save of transformer.py to the first verdict on it."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "tinytorch"
        shutil.copytree(ROOT / "reference" / "tinytorch", package, ignore=shutil.ignore_patterns("__pycache__"))
        command = [*check("assignment3", folder), "--quick", "--watch", "--course", str(ROOT / "assignments")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            try:
                return [saved(process.stdout, package / "transformer.py") for _ in range(saves)]
            finally:
                process.terminate()


def saved(lines: Any, file: Path) -> float:
    wait(lines, "repeat this run")
    time.sleep(2)  # somebody writes; meanwhile the next run gets ready
    start = time.perf_counter()
    file.write_text(f"{file.read_text()}\n# saved\n")
    wait(lines, "ok ")
    return time.perf_counter() - start


def wait(lines: Any, start: str) -> None:
    assert any(line.startswith(start) for line in lines), "the command ended"


if __name__ == "__main__":
    main()
