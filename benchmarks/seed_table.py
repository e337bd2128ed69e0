"""The seed's five-minute experiment again, beside its figures: `python -m benchmarks.seed_table [--seeds 5]`.

The same strings, loss, recipe (Adam 1e-3, one random string a step, gradients clipped entry by entry) and number of
steps, with the course's reference. `exact` is counted on the last weights, as the seed did; a model that knows
everything scores 8 + Binomial(4, 1/2) there. `--minutes 5` trains that long instead (CPU time). Prints a table on
standard error as it goes, JSON on standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from benchmarks.course import classroom, course

#: Model, steps, and what the seed's document says: steps a second, initial and final loss, improvement, exact.
ROWS: dict[str, tuple[str, int, str]] = {
    "ultra-tiny": ("ultra-tiny", 16_163, "seed: 300 s, 53.88 steps/s, 2.8945 -> 0.0645, 97.8 %, 10 exact"),
    "small, as short": ("small", 129, "seed: 300 s, 0.43 steps/s, 49.9 %, 1 exact"),
    "small, as long": ("small", 16_163, "seed: not run"),
}
KEYS = ("cpu_seconds", "steps_per_second", "initial_loss", "final_loss", "improvement", "best_loss")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rows", nargs="*", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--minutes", type=float, help="train this long instead of the seed's number of steps")
    options = parser.parse_args()
    report = {}
    for name in options.rows:
        model, steps, seed_says = ROWS[name]
        print(f"{name} ({seed_says})", file=sys.stderr)
        runs = [train(model, steps, seed, options.minutes) for seed in range(options.seeds)]
        report[name] = {"seed_says": seed_says, "mean": _over(runs, statistics.fmean), "runs": runs}
        print(f"  mean    {_line(report[name]['mean'])}", file=sys.stderr)
    print(json.dumps({"load": os.getloadavg()[0], "rows": report}, indent=1))


def train(model: str, steps: int, seed: int, minutes: float | None) -> dict[str, Any]:
    """One run to its end, whatever it has learned."""
    models, recipe = classroom("models"), classroom("recipes").SEED
    size, reference = models.parse_size(model), models.Reference(course())
    exam = classroom("exam").Exam(classroom("data").strings_for(None))
    seconds, most = (1e9, steps) if minutes is None else (60.0 * minutes, 0)
    run = classroom("run").Run(exam, seconds, most, keep_going=True)
    built = reference.build(size, np.random.default_rng(seed))
    classroom("trainer").train(reference, built, recipe, run, np.random.default_rng([seed, 1]))
    figures = run.to_json()["training"]
    last = {"exact": run.now.exact, "learned": run.now.learned, "best_learned": run.best.learned}
    found = {"seed": seed, "steps": run.step, **{key: figures[key] for key in KEYS}, **last}
    print(f"  seed {seed:2} {_line(found)}", file=sys.stderr, flush=True)
    return found


def _over(runs: list[dict[str, Any]], function: Any) -> dict[str, float]:
    return {key: round(function([run[key] for run in runs]), 4) for key in runs[0] if key != "seed"}


def _line(found: dict[str, Any]) -> str:
    return (
        f"{found['steps']:9,.0f} steps {found['cpu_seconds']:7.1f} s {found['steps_per_second']:7,.0f}/s   "
        f"loss {found['initial_loss']:.4f} -> {found['final_loss']:.4f} ({found['improvement']:.1%})   "
        f"exact {found['exact']:4.1f}  learned {found['learned']:4.1f}  best {found['best_loss']:.4f}"
    )


if __name__ == "__main__":
    main()
