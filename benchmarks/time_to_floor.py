"""How long until everything is learned? `python -m benchmarks.time_to_floor [--seeds 7]`.

The reference of assignment 3, trained as it trains itself (all 21 strings every step), until the loss is within 5 % of
the entropy floor, which no causal model can pass. CPU seconds of the one thread, without start-up; the document that
this course started from took 300 s. Prints a line per seed on standard error, JSON on standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from benchmarks.course import classroom, course


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=7)
    exam = classroom("exam").Exam(classroom("data").strings_for(None))
    rows = [run(exam, seed) for seed in range(parser.parse_args().seeds)]
    seconds = [row["cpu_seconds"] for row in rows if row["reached"]]
    summary = {"floor": exam.floor, "reached": len(seconds), "median_cpu_seconds": statistics.median(seconds or [0.0])}
    print(json.dumps({**summary, "load": os.getloadavg()[0], "runs": rows}, indent=1))


def run(exam: Any, seed: int) -> dict[str, Any]:
    """One training run, ended by its first loss within 5 % of the floor, or by its schedule."""
    models = classroom("models")
    reference = models.Reference(course())
    model = reference.build(models.parse_size("ultra-tiny"), np.random.default_rng(seed))
    goal = classroom("exam").AT_FLOOR * exam.floor
    start, wall = time.thread_time(), time.perf_counter()
    losses = reference.module("train").train(
        model, exam.x, exam.y, rng=np.random.default_rng([seed, 1]), on_step=lambda step, loss: float(loss <= goal)
    )
    found = {
        "seed": seed,
        "reached": losses[-1] <= goal,
        "steps": len(losses),
        "cpu_seconds": round(time.thread_time() - start, 3),
        "wall_seconds": round(time.perf_counter() - wall, 3),
        "loss": round(losses[-1], 4),
    }
    print("  ".join(f"{name} {value}" for name, value in found.items()), file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    main()
