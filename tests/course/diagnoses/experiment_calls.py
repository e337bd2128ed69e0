"""Calls of assignment 5 on which its known-wrong formulas are tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrade.checks.parity import unmarked
from tinygrade.diagnosis.observations import ValueMismatch

CONFIG = {"layers": 1, "width": 8, "heads": 2, "lr": 0.02, "batch": 5, "steps": 4}
SIZES = {"train": 24, "validation": 10, "test": 14}


def experiments(reference: Any, rng: Any) -> Iterator[ValueMismatch]:
    yield _compared(reference, rng)
    data = unmarked(reference.fetch(reference.experiments.induction_data(reference.generator(3), **SIZES)))
    data["vocab"] = int(data["vocab"])
    shapes = reference.census(_model(reference, data))
    inputs = {"data": data, "config": CONFIG, "weights": {k: 0.4 * rng.standard_normal(s) for k, s in shapes.items()}}
    model = _model(reference, data, inputs["weights"])
    losses = reference.fetch(reference.experiments.train_model(model, CONFIG, data, reference.generator(4)))
    yield _seen(reference, "experiments.train_model", losses, {**inputs, "seed": 4})
    model = _model(reference, data, inputs["weights"])
    loss = reference.fetch(reference.experiments.measure(model, data["validation"]))
    yield _seen(reference, "experiments.measure", loss, {**inputs, "split": "validation"})


def _model(reference: Any, data: Any, weights: Any = None) -> Any:
    model = reference.experiments.build(CONFIG, data, reference.generator(0))
    if weights is not None:
        reference.write(model, weights)
    return model


def _compared(reference: Any, rng: Any) -> ValueMismatch:
    """The difference of two sides of nine runs, of which six are pairs."""
    a, b = rng.standard_normal((2, 12))
    order_a, order_b = rng.permutation(9), 3 + rng.permutation(9)

    def runs(metrics: np.ndarray, order: np.ndarray) -> list[Any]:
        made = reference.experiments.Run
        return [made(config={}, seed=int(i), losses=[], seconds=1.0, metric=float(metrics[i])) for i in order]

    sides = runs(a, order_a), runs(b, order_b)
    found = reference.fetch(reference.experiments.paired_comparison(*sides, reference.generator(0)))
    inputs = {"a": a, "b": b, "order_a": order_a, "order_b": order_b}
    return _seen(reference, "experiments.paired_comparison", found["difference"], inputs)


def _seen(reference: Any, about: str, expected: Any, inputs: dict[str, Any]) -> ValueMismatch:
    return ValueMismatch(about, None, unmarked(expected), inputs, reference=reference)
