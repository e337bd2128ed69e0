"""What does full confinement add to a whole check? `python -m benchmarks.isolation_cost [--runs 10] [--quick]`.

`tinygrade check assignment3 --submission reference` with --isolation strong and none, taking turns, the order drawn
anew for each pair. Prints a line per pair on standard error and JSON on standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("strong", "none")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--quick", action="store_true", help="without the training")
    options = parser.parse_args()
    wall: dict[str, list[float]] = {kind: [] for kind in KINDS}
    cpu: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for number in range(options.runs):
        for kind in random.sample(KINDS, 2):
            seconds, used = run(kind, ["--quick"] if options.quick else [])
            wall[kind].append(seconds)
            cpu[kind].append(used)
        told = (f"{kind} {wall[kind][-1]:.2f} s, {cpu[kind][-1]:.2f} s of CPU" for kind in KINDS)
        print(f"{number + 1}: " + "; ".join(told), file=sys.stderr)
    print(json.dumps({"wall": summary(wall), "cpu": summary(cpu), "load": os.getloadavg()[0]}, indent=1))


def run(kind: str, more: list[str]) -> tuple[float, float]:
    """Wall seconds of the real command, and CPU seconds of it and its reaped descendants."""
    command = [sys.executable, "-P", "-m", "tinygrade", "check", "assignment3", "--submission", "reference"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    options = ["--seed", "41", "--isolation", kind, *more]
    subprocess.run([*command, *options], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def summary(seconds: dict[str, list[float]]) -> dict[str, float]:
    """Medians, and the median of the pairs' ratios less one: what confinement adds."""
    medians = {kind: round(statistics.median(values), 3) for kind, values in seconds.items()}
    added = statistics.median(s / n - 1 for s, n in zip(seconds["strong"], seconds["none"], strict=True))
    return {**medians, "added_percent": round(100 * added, 1)}


if __name__ == "__main__":
    main()
