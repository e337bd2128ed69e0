"""One training step of the reference beside PyTorch and JAX: `python -m benchmarks.train_step [--repeats 30]`.

The same model, weights, strings, loss and Adam (lr 1e-3, no decay) everywhere; the reference computes in float64, the
others in float32, each library's default. One thread. The trainers take turns in short slots; a figure is the median
of its slots, a ratio the median of the ratios within a turn. That they compute the same is checked: the losses of
the first steps agree, or the command fails. Peers that are not installed are named (`pip install torch jax`).
Prints a table on standard error, JSON on standard output.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

import numpy as np

from benchmarks.course import classroom, course

PEERS = ("torch", "jax")
MODELS = {"1x16": 1, "2x20": 2}
FIRST_STEPS = 5
Train = Callable[[int], float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=30, help="turns")
    parser.add_argument("--slot", type=float, default=0.02, help="seconds of the reference's slot, about")
    parser.add_argument("--models", nargs="*", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--batches", nargs="*", choices=["1", "21"], default=["1", "21"])
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=PEERS)
    options = parser.parse_args()
    peers, versions = _peers(options.peers)
    rows = []
    for model in options.models:
        for batch in options.batches:
            rows += measure(model, int(batch), peers, options.repeats, options.slot)
    print(json.dumps({"versions": versions, "load": os.getloadavg()[0], "rows": rows}, indent=1))


def _peers(names: Any) -> tuple[list[Any], dict[str, str | None]]:
    """The modules of the peers that are installed, and the version of each; None where it is missing."""
    found, versions = [], {"numpy": np.__version__}
    for name in names:
        try:
            found.append(importlib.import_module(f"benchmarks.peers_{name}"))
        except ModuleNotFoundError as missing:
            print(f"{name} is left out: {missing} (pip install {name})", file=sys.stderr)
            versions[name] = None
            continue
        versions[name] = found[-1].VERSION
    return found, versions


def measure(model: str, batch: int, peers: list[Any], repeats: int, slot: float) -> list[dict[str, Any]]:
    """One row per trainer."""
    classroom_models, data = classroom("models"), classroom("data")
    size = classroom_models.parse_size(model)
    reference = classroom_models.Reference(course())
    built = reference.build(size, np.random.default_rng(0))
    weights = classroom_models.weights_of(built)
    exam = classroom("exam").Exam(data.strings_for(None))
    batches = [(exam.x[i : i + batch], exam.y[i : i + batch]) for i in range(0, len(exam.x), batch)]
    trainers: dict[str, Train] = {"reference": _reference(reference, built, batches)}
    for peer in peers:
        trainers |= dict(peer.trainers(size.arguments, weights, batches))
    _require_agreement({name: train(FIRST_STEPS) for name, train in trainers.items()})
    steps = _steps_of_a_slot(trainers["reference"], slot)
    for train in trainers.values():
        train(steps)  # lax.scan compiles for the length of a slot
    seconds = {name: [] for name in trainers}
    for _ in range(repeats):
        for name, train in trainers.items():
            start = time.perf_counter()
            train(steps)
            seconds[name].append((time.perf_counter() - start) / steps)
    return _table(model, batch, seconds)


def _reference(reference: Any, model: Any, batches: list[Any]) -> Train:
    optimizer = reference.module("optim").AdamW(model.parameters(), lr=1e-3)
    train_step = reference.module("train").train_step
    np.empty(1 << 20, dtype=np.uint8)  # keeps freed memory in the process: see reference/tinytorch/train.py

    def train(steps: int) -> float:
        for step in range(steps):
            loss = train_step(model, optimizer, *batches[step % len(batches)])
        return float(loss)

    return train


def _require_agreement(losses: dict[str, float]) -> None:
    """What does not compute the same is not worth timing."""
    for name, loss in losses.items():
        if abs(loss - losses["reference"]) > 1e-4:
            sys.exit(f"{name}: loss {loss} of step {FIRST_STEPS}, the reference's is {losses['reference']}")


def _steps_of_a_slot(train: Train, slot: float) -> int:
    start = time.perf_counter()
    train(20)
    return max(5, round(slot / (time.perf_counter() - start) * 20))


def _table(model: str, batch: int, seconds: dict[str, list[float]]) -> list[dict[str, Any]]:
    rows = []
    print(f"{model}, batch {batch}                    µs a step   times the reference's", file=sys.stderr)
    for name, own in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(own, seconds["reference"], strict=True))
        row = {"model": model, "batch": batch, "trainer": name}
        rows.append(row | {"us": round(1e6 * statistics.median(own), 1), "ratio": round(ratio, 2)})
        print(f"  {name:30} {rows[-1]['us']:9,.0f} {ratio:12.2f}", file=sys.stderr, flush=True)
    return rows


if __name__ == "__main__":
    main()
