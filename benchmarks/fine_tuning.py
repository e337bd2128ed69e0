"""Is fine-tuning shorter than training from scratch? `python -m benchmarks.fine_tuning [--seeds 5]`.

Steps until everything of a few new strings is learned (all cases credited, loss within 0.02 of the floor; looked at
every tenth step) from the shipped model and from new weights of the same size, with recipes for both. One recipe for
both would favour whichever it suits. Prints a table on standard error, JSON on standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from benchmarks.course import classroom, course

#: Words are nothing that the shipped model knows; the patterns are forms of what it knows.
DATA = {
    "words": ("BREAD", "MILK", "RICE", "LEMON", "PASTA", "SALAD", "TOFFEE", "PEAR", "MANGO", "BANANA", "FIG", "DATE"),
    "patterns": ("DCBA", "HGFE", "ACEG", "1357", "5555", "LMLM", "9090", "CCDD", "3344", "EFGFE", "78987", "NOPQRST"),
}
MOST_STEPS = 3000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    report: dict[str, Any] = {}
    for name, strings in DATA.items():
        rows = {start: [steps(start, strings, seed) for seed in range(options.seeds)] for start in RUNS}
        report[name] = {start: {"steps": found, "median": statistics.median(found)} for start, found in rows.items()}
        for start, found in rows.items():
            print(f"{name:10} {start:22} median {statistics.median(found):6.0f}  {found}", file=sys.stderr)
    print(json.dumps({"load": os.getloadavg()[0], "steps_until_learned": report}, indent=1))


def _recipes() -> dict[str, tuple[bool, Any]]:
    recipes = classroom("recipes")
    return {
        "pretrained, tune": (True, recipes.TUNE.with_settings(None, None, MOST_STEPS)),
        "scratch, tune": (False, recipes.TUNE.with_settings(None, None, MOST_STEPS)),
        "scratch, fast": (False, recipes.FAST),
    }


RUNS = _recipes()


def steps(start: str, strings: tuple[str, ...], seed: int) -> int:
    """Steps of one run until everything is learned; MOST_STEPS where it never was."""
    pretrained, recipe = RUNS[start]
    models, exam = classroom("models"), classroom("exam").Exam(strings)
    reference = models.Reference(course())
    size, weights = classroom("checkpoints").load(Path(classroom("pretrain").FILE))
    rng = np.random.default_rng(seed)
    model = reference.loaded(size, weights) if pretrained else reference.build(size, rng)
    run = classroom("run").Run(exam, seconds=600.0)
    # The shipped model is one and the same: what differs between its runs is which strings a step sees, if any.
    classroom("trainer").train(reference, model, recipe, run, rng)
    return next((result.step for result in run.history if exam.is_learned(result)), MOST_STEPS)


if __name__ == "__main__":
    main()
