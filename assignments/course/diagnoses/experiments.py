"""Counting steps, comparing runs and training with drawn batches: known-wrong formulas of assignment 5.

What is wrong with a sweep or a choice is seen by their checks themselves, which plant it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Rank, Rule
from tinygrade.diagnosis.observations import ValueMismatch

from .formulas import Call, Claims, NoSolution, plain, values

STEPS_TO, COMPARE = "experiments.steps_to", "experiments.paired_comparison"
TRAIN, MEASURE = "experiments.train_model", "experiments.measure"
#: An end of an interval is random: it is recognised within this share.
NEAR = 0.05


# ---- steps_to --------------------------------------------------------------------------------------


def _counted(wrong: Callable[[np.ndarray, float], Any]) -> Callable[[Call], Any]:
    """What `wrong` gives for each call of the check, as whole numbers, where it gives one everywhere."""
    return lambda call: [wrong(np.asarray(losses, dtype=float), threshold) for losses, threshold in call.calls]


def _first(reached: np.ndarray) -> int | None:
    return int(np.argmax(reached)) + 1 if reached.any() else None


def _from_zero(losses: np.ndarray, threshold: float) -> int | None:
    step = _first(losses <= threshold)
    return None if step is None else step - 1


def _last_crossing(losses: np.ndarray, threshold: float) -> int | None:
    """The first step from which on the loss stays low."""
    above = np.flatnonzero(~(losses <= threshold))
    step = int(above[-1]) + 2 if len(above) else 1
    return step if step <= len(losses) else None


STEPS: dict[str, Callable[[np.ndarray, float], Any]] = {
    "steps-from-zero": _from_zero,
    "steps-strictly-below": lambda losses, threshold: _first(losses < threshold),
    "steps-last-crossing": _last_crossing,
}


def _same_steps(wrong: Callable[[np.ndarray, float], Any]) -> Callable[[ValueMismatch], Mapping[str, Any] | None]:
    """Steps are whole numbers or None, which formulas of arrays do not know."""

    def see(seen: ValueMismatch) -> Mapping[str, Any] | None:
        if type(seen.got) is not list or "calls" not in seen.inputs:
            return None
        claimed = _counted(wrong)(Call(seen))
        got = [None if value is None else plain(value) for value in seen.got]
        return {} if len(got) == len(claimed) and all(map(_equal, got, claimed)) else None

    return see


def _equal(got: Any, claimed: int | None) -> bool:
    return got is None if claimed is None else np.shape(got) == () and got is not None and bool(got == claimed)


# ---- paired_comparison -----------------------------------------------------------------------------


def _all_runs(call: Call) -> Claims:
    a, b = (side[order] for side, order in ((call.a, call.order_a), (call.b, call.order_b)))
    yield {"runs": "all"}, lambda: a.mean() - b.mean()
    yield {"pairs": "in the order of the lists"}, lambda: (a - b).mean()


def _other_sign(call: Call) -> Claims:
    yield {}, lambda: -np.asarray(call.seen.expected)


def _ends(factor: Callable[[np.ndarray, np.ndarray], float]) -> Callable[[ValueMismatch], Mapping[str, Any] | None]:
    """Both ends are about `factor` times as far from the mean difference as the right ones."""

    def see(seen: ValueMismatch) -> Mapping[str, Any] | None:
        if "a" not in seen.inputs or np.shape(seen.got) != (2,) or np.shape(seen.expected) != (2,):
            return None
        sides = [(np.asarray(a), np.asarray(b)) for a, b in zip(seen.inputs["a"], seen.inputs["b"], strict=True)]
        by = float(np.mean([factor(a, b) for a, b in sides]))
        claimed = by * np.asarray(seen.expected, dtype=float)
        near = np.abs(np.asarray(seen.got, dtype=float) - claimed) <= NEAR * np.abs(claimed)
        return {"wider_by": round(by, 2)} if near.all() else None

    return see


def _spread(x: np.ndarray) -> float:
    return float(x.std(ddof=1))


def _unpaired(a: np.ndarray, b: np.ndarray) -> float:
    """Each side resampled by itself."""
    return float(np.hypot(_spread(a), _spread(b))) / _spread(a - b)


def _bounds(a: np.ndarray, b: np.ndarray) -> float:
    """The bounds of the one side minus those of the other."""
    return (_spread(a) + _spread(b)) / _spread(a - b)


def _of_pairs(a: np.ndarray, b: np.ndarray) -> float:
    """The spread of the differences, not of their mean."""
    return float(np.sqrt(len(a)))


def _raw(share: float) -> Callable[[ValueMismatch], Mapping[str, Any] | None]:
    """Quantiles of the differences themselves: the outermost of them, or between those."""

    def see(seen: ValueMismatch) -> Mapping[str, Any] | None:
        if "a" not in seen.inputs or np.shape(seen.got) != (2,):
            return None
        d = np.asarray(seen.inputs["a"]) - np.asarray(seen.inputs["b"])  # (experiments, pairs)
        error = d.std(axis=1, ddof=1) / np.sqrt(d.shape[1])
        claimed = ((np.quantile(d, [share, 1 - share], axis=1) - d.mean(axis=1)) / error).mean(axis=1)
        near = np.abs(np.asarray(seen.got, dtype=float) - claimed) <= NEAR * np.abs(claimed)
        return {"wider_by": round(float(np.ptp(claimed) / np.ptp(seen.expected)), 2)} if near.all() else None

    return see


def _level(z: float) -> Callable[[np.ndarray, np.ndarray], float]:
    return lambda a, b: z / 1.96


INTERVALS: dict[str, tuple[Callable[[np.ndarray, np.ndarray], float], ...]] = {
    "interval-not-paired": (_unpaired, _bounds),
    "interval-of-runs": (_of_pairs,),
    # of 90%, 99% and 68%
    "interval-level": (_level(1.645), _level(2.576), _level(1.0)),
}


# ---- train_model and measure -----------------------------------------------------------------------

#: The rows of one batch, from the generator, how many there are, and the size.
Draw = Callable[[Any, int, int], Any]
ROWS: dict[str, dict[str, Draw]] = {
    "batch-not-drawn": {
        "all rows at every step": lambda rng, n, size: np.arange(n),
        "the first rows at every step": lambda rng, n, size: np.arange(size),
    },
    "rows-drawn-otherwise": {
        "without repetition": lambda rng, n, size: rng.choice(n, size=size, replace=False),
        "with rng.choice": lambda rng, n, size: rng.choice(n, size=size),
        "the first of a permutation": lambda rng, n, size: rng.permutation(n)[:size],
    },
}
ORDERS: dict[str, dict[str, str]] = {
    "gradients-kept": {"never forgotten": "backward step"},
    "step-without-gradients": {"forgotten after backward": "backward zero step", "no step": "zero backward"},
    "loss-after-step": {"measured after the step": "zero backward step again"},
}


def _drawn(rng: Any, n: int, size: int) -> Any:
    return rng.integers(n, size=size)


def _model(call: Call) -> tuple[Any, Any]:
    lib = call.seen.reference
    if lib is None:
        raise NoSolution
    model = lib.experiments.build(call.config, call.data, lib.generator(0))
    lib.write(model, call.weights)
    return lib, model


def _loss(lib: Any, model: Any, x: Any, y: Any, ignore: int | None = 0) -> Any:
    return lib.functional.cross_entropy(model(np.asarray(x)), np.asarray(y), ignore_index=ignore)


def _losses(
    call: Call, *, draw: Draw = _drawn, order: str = "zero backward step", split: str = "train", ignore: int | None = 0
) -> list[float]:
    """What train_model gives when it does these things in this order."""
    lib, model = _model(call)
    (x, y), rng = call.data[split], np.random.default_rng(call.seed)
    optimizer = lib.optim.AdamW(model.parameters(), lr=call.config["lr"])
    found = []
    for _ in range(call.config["steps"]):
        rows = draw(rng, len(x), call.config["batch"])
        loss = _loss(lib, model, x[rows], y[rows], ignore)
        for word in order.split():
            if word == "again":
                loss = _loss(lib, model, x[rows], y[rows], ignore)
            else:
                {"zero": model.zero_grad, "backward": loss.backward, "step": optimizer.step}[word]()
        found.append(float(plain(lib.fetch(loss.item()))))
    return found


def _ways(changes: Mapping[str, Mapping[str, Any]]) -> Callable[[Call], Claims]:
    def claims(call: Call) -> Claims:
        for name, change in changes.items():
            yield {"as_if": name}, lambda change=change: _losses(call, **change)

    return claims


def _measured(call: Call) -> Claims:
    def all_targets() -> float:
        lib, model = _model(call)
        return float(plain(lib.fetch(_loss(lib, model, *call.data[call.split], ignore=None).item())))

    yield {"targets": "all, the 0 too"}, all_targets


TRAININGS: dict[str, Mapping[str, Mapping[str, Any]]] = {
    "blanks-counted": {"all targets count": {"ignore": None}},
    "trained-on-another-split": {f"the {split} split": {"split": split} for split in ("validation", "test")},
    **{code: {name: {"draw": draw} for name, draw in draws.items()} for code, draws in ROWS.items()},
    **{code: {name: {"order": order} for name, order in orders.items()} for code, orders in ORDERS.items()},
}


def _rules(code: str, sees: Sequence[Callable[[ValueMismatch], Mapping[str, Any] | None]], about: str) -> list[Rule]:
    return [Rule(code, ValueMismatch, see, Rank.STRUCTURE, (about,)) for see in sees]


RULES: list[Rule] = [
    *(rule for code, wrong in STEPS.items() for rule in _rules(code, [_same_steps(wrong)], STEPS_TO)),
    values("runs-not-matched", COMPARE, _all_runs),
    values("difference-sign", COMPARE, _other_sign),
    *(rule for code, ways in INTERVALS.items() for rule in _rules(code, [_ends(way) for way in ways], COMPARE)),
    *_rules("interval-of-runs", [_raw(0.025), _raw(0.0)], COMPARE),
    *(values(code, TRAIN, _ways(changes)) for code, changes in TRAININGS.items()),
    values("blanks-counted", MEASURE, _measured),
]
