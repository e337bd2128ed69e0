"""The training run of assignment 3: started by the grader, streamed back, judged on the trusted side.

Training starts from weights that the grader draws, on the seed's 21 strings and six fresh ones, so that neither
weights nor answers in the source can earn anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log
from typing import Any

import numpy as np

from tinygrade import Diagnosis, StudentFailure
from tinygrade.diagnosis.observations import Curve, Prediction

from . import progression
from .attention import attention_section
from .judge import OWN_FORWARD_SHARE, Judge, Judged
from .judging import improvement, order_of_learning
from .strings import VOCABULARY, fresh_strings, inputs_and_targets
from .weights import initial_weights, random_weights

CHECK = "training"
#: Above the rounding of two float64 implementations, far below any mistake.
PARITY_TOLERANCE = 1e-6


@dataclass(frozen=True)
class TrainingRun:
    """The fixture `training_run`."""

    judge: Judge
    outcome: Any
    initial_loss: float
    best: Judged | None
    #: The judged snapshot that no causal model can reach, or None.
    leak: Judged | None
    #: What the curve, and what the misses of the best snapshot look like, where that is recognised.
    curve: Diagnosis | None = None
    misses: Diagnosis | None = None
    #: Of the best snapshot.
    weights: Mapping[str, np.ndarray] = field(default_factory=dict)

    def credit(self, share: float) -> float:
        """What a share of full credit earns, given what the weights prove and whose forward was asked."""
        if self.best is None or self.leak is not None:
            return 0.0
        return share * self.best.proof * self.judge.share

    def sign_of_leak(self, leak: Judged) -> str:
        if leak.loss < self.judge.floor:
            return f"its loss {leak.loss:.4f} is below the floor {self.judge.floor:.4f} of every causal model"
        return f"{leak.exact}/15 exact, and a causal model can get 12 at the most"

    def require_possible(self) -> None:
        """Raise StudentFailure when there is nothing to judge, or when the model sees the future."""
        if self.leak is not None:
            raise StudentFailure(
                f"your model sees the future: {self.sign_of_leak(self.leak)}",
                hint="Change a later character only. Which outputs may move?",
                diagnosis=self.curve or Diagnosis("sees-the-future", {"exact": self.leak.exact}),
            )
        if self.best is None:
            raise StudentFailure("training gave no weights whose loss is a number", diagnosis=self.curve)
        if self.best.proof == 0.0:
            raise StudentFailure(
                "the strings that were drawn for this run were not learned "
                f"(best loss {self.best.loss:.3f}, floor {self.judge.floor:.3f})",
                diagnosis=self.curve or Diagnosis("strings-not-learned", {"loss": self.best.loss}),
            )


def run_training(grading: Any) -> TrainingRun:
    """Train the student's model under the assignment's budget."""
    shapes = dict(grading.assignment.surface.parameters)
    fresh = fresh_strings(grading.rng(CHECK, "fresh strings"))
    own = grading.student()
    try:
        judge = _judge(grading, own, shapes, fresh)
        run = _trained(grading, judge, shapes)
        if run.weights and judge.share == 1.0:  # of another model's forward the maps would say nothing
            grading.sections |= attention_section(grading.reference if grading.reference.computes else own, run.weights)
        return run
    finally:
        own.close()


def _judge(grading: Any, own: Any, shapes: dict[str, Any], fresh: list[str]) -> Judge:
    """Ask the reference's forward, or the student's own where the two differ, or where the reference is recorded."""
    forward = Forward(grading.reference, grading.draw(CHECK, "unused"), whole=True)
    own_forward = Forward(own, grading.draw(CHECK, "unused"))
    judge = Judge(fresh, forward, 1.0)
    x, _ = inputs_and_targets(judge.strings)
    weights = random_weights(shapes, grading.rng(CHECK, "parity"))
    if np.allclose(own_forward(weights, x), forward(weights, x), rtol=PARITY_TOLERANCE, atol=PARITY_TOLERANCE):
        # Without the solution nobody else computes; the two forwards are equal, so it may earn as much.
        return judge if grading.reference.computes else Judge(fresh, own_forward, 1.0, "equal")
    return Judge(fresh, own_forward, OWN_FORWARD_SHARE, "own")


class Forward:
    """Logits of one library's model with given weights.

    `whole` asks for all strings at once: of the solution, which computes each of them alone, or of a record of it.
    """

    def __init__(self, lib: Any, seed: int, *, whole: bool = False) -> None:
        self._lib = lib
        self._whole = whole
        self._model = lib.transformer.GPT(rng=lib.generator(seed))

    def __call__(self, weights: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """(N,T) token ids to (N,T,V) logits."""
        self._lib.write(self._model, weights)
        if self._whole:
            return np.array(self._lib.fetch(self._model(x)))
        # One string at a time: nothing can be read off the other strings of a batch.
        rows = [self._lib.fetch(self._model(row[None]), shape=(1, len(row), 31), dtype="f") for row in x]
        return np.concatenate([np.array(row) for row in rows])


def _trained(grading: Any, judge: Judge, shapes: dict[str, Any]) -> TrainingRun:
    settings = grading.assignment.extra["training"]
    leaks: list[Judged] = []
    kept: dict[str, np.ndarray] = {}  # the weights of the best snapshot so far
    curve: list[list[float]] = []

    def on_snapshot(snapshot: Any) -> bool:
        judged = judge.judge(snapshot.step, snapshot.weights)
        curve.append([snapshot.step, judged.loss])
        if judge.best() is judged:
            kept.update(snapshot.weights)
        if judge.is_leak(judged):
            leaks.append(judged)
        return bool(leaks) or (judge.is_over and settings["early_stop"])

    def on_progress(**data: Any) -> None:
        shown = {"label": "training", "floor": judge.floor, "curve": curve[-200:]}
        grading.progress("test_6_training.py::test_training", **shown, **data)

    student = grading.student(settings["budget_seconds"] * 4)
    budget = grading.budget(student, settings["budget_seconds"], on_snapshot, on_progress)
    try:
        model = student.transformer.GPT(rng=student.generator(grading.draw(CHECK, "unused")))
        start = initial_weights(shapes, grading.rng(CHECK, "initial weights"))
        student.write(model, start)
        initial = judge.judge(0, start)
        judge.history.clear()
        x, y = inputs_and_targets(judge.strings)
        seed = grading.draw(CHECK, "training rng")
        outcome = budget.run(student.train.train, model, [x, y], seed=seed)
    finally:
        student.close()
    best = judge.best()
    run = TrainingRun(
        judge,
        outcome,
        initial.loss,
        best,
        leaks[0] if leaks else None,
        None if best and best.is_full else grading.catalogue.diagnose(_observed(judge, initial.loss, curve)),
        commonest_miss(grading.catalogue, best) if best else None,
        kept,
    )
    grading.sections["training"] = training_section(run, curve)
    grading.sections["predictions"] = prediction_section(run)
    grading.sections["learning_order"] = [list(pair) for pair in order_of_learning(_history(run))]
    return run


def _observed(judge: Judge, initial: float, curve: list[list[float]]) -> Curve:
    """The curve, from before the first step on."""
    steps, losses = zip([0, initial], *curve, strict=True)
    return Curve(steps, losses, judge.floor, log(len(VOCABULARY)), judge.none_at)


def commonest_miss(catalogue: Any, judged: Judged) -> Diagnosis | None:
    """What most of the cases without full credit look like, if that is recognised."""
    missed = [Prediction(p.input, p.expected, p.got, p.credit) for p in judged.predictions if p.credit < 1.0]
    found = [(case, seen.code) for case in missed if (seen := catalogue.diagnose(case)) is not None]
    if not found:
        return None
    code, count = Counter(code for _, code in found).most_common(1)[0]
    cases = [case.input for case, its in found if its == code]
    return Diagnosis(code, {"cases": cases, "count": count, "missed": len(missed)})


def _history(run: TrainingRun) -> list[tuple[int, Any]]:
    return [(judged.step, judged.predictions) for judged in run.judge.history]


def training_section(run: TrainingRun, curve: list[list[float]]) -> dict[str, Any]:
    """The report's section `training`; see the report's schema for its keys."""
    outcome = run.outcome
    final = run.best.loss if run.best else None
    milestones = progression.progression([(int(step), loss) for step, loss in curve])
    return {
        "budget_seconds": outcome.budget_seconds,
        "cpu_seconds": outcome.cpu_seconds,
        "wall_seconds": outcome.wall_seconds,
        "steps": outcome.steps,
        "steps_per_second": round(outcome.steps / max(outcome.cpu_seconds, 1e-3), 2),
        "initial_loss": run.initial_loss,
        "final_loss": final,
        "improvement": None if final is None else improvement(run.initial_loss, final),
        "entropy_floor": run.judge.floor,
        "budget_limited": outcome.stopped == "budget",
        "stopped": outcome.stopped,
        "forward": run.judge.whose,
        "sees_the_future": run.leak is not None,
        "curve": curve,
        "milestones": [[step, loss] for step, loss in milestones.items() if loss is not None],
        **({} if run.leak is None else {"look_at": f"the model sees the future: {run.sign_of_leak(run.leak)}"}),
    }


def prediction_section(run: TrainingRun) -> list[dict[str, Any]]:
    """The report's section `predictions`: one row per case."""
    shown = run.leak or run.best
    if shown is None:
        return []
    keys = ("input", "expected", "got", "exact", "credit", "note")
    return [{key: getattr(p, key) for key in keys} for p in shown.predictions]
