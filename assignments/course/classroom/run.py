"""One training run as it is watched: when to look, when to stop, and what was seen.

Whoever trains tells each step; time spent on looking and drawing is not the training's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite
from statistics import fmean
from typing import Any

import numpy as np

from tinygrade.checks.training import snapshot_steps

from ..judging import improvement, order_of_learning
from ..progression import progression
from .exam import Exam, Result

#: As the seed measured them: the mean loss of the first steps, and of the last.
FIRST, LAST = 10, 100
#: Snapshots in a row that have learned everything, before a run counts as converged: one may be luck.
IN_A_ROW = 3

STOPPED = {
    "converged": "everything was learned",
    "budget": "the time was up",
    "steps": "all steps were done",
    "interrupted": "interrupted",
    "not a number": "the loss is not a number any more: a smaller --lr may help",
}


@dataclass
class Run:
    """What has happened so far.

    Args:
        seconds: CPU seconds that training may take.
        steps: where it ends at the latest; 0 for no such end.
        keep_going: do not stop when everything is learned.
        pace: steps a second at the most; 0 for as fast as it goes.
        show: called after every snapshot and about eight times a second.
    """

    exam: Exam
    seconds: float
    steps: int = 0
    keep_going: bool = False
    pace: float = 0.0
    show: Callable[[Run], None] = lambda run: None
    losses: list[float] = field(default_factory=list)
    history: list[Result] = field(default_factory=list)
    stopped: str = ""
    used: float = 0.0
    step: int = 0

    def __post_init__(self) -> None:
        self._snapshots = iter(snapshot_steps())
        self._next = next(self._snapshots)
        self._resumed = time.thread_time()
        self._shown = self._began = time.monotonic()

    # ---- told by whoever trains ----

    def begin(self, logits: np.ndarray) -> None:
        """The model before its first step."""
        self.history.append(self.exam.judge(0, 0.0, logits))
        self.show(self)
        self._resumed = time.thread_time()
        self._shown = self._began = time.monotonic()

    def after_step(self, loss: float, logits: Callable[[], np.ndarray]) -> bool:
        """One step was done; `logits` gives those of the model as it is now. True when training is over."""
        self.step += 1
        self.losses.append(loss)
        now = time.thread_time()
        self.used += now - self._resumed
        self._resumed = now
        if not isfinite(loss):
            return self._stop("not a number")
        if self.step >= self._next:
            while self._next <= self.step:
                self._next = next(self._snapshots, 1 << 62)
            self.look(logits())
        elif time.monotonic() - self._shown > 0.125:
            self._show()
        self._wait()
        self._resumed = time.thread_time()
        return self.is_over()

    def look(self, logits: np.ndarray) -> None:
        """Judge the model as it is now."""
        self.history.append(self.exam.judge(self.step, self.used, logits))
        self._show()

    def finish(self, logits: np.ndarray | None, reason: str = "steps") -> None:
        """Training is over; the last model is judged unless it was."""
        self.stopped = self.stopped or reason
        if logits is not None and self.history[-1].step != self.step:
            self.look(logits)
        self.show(self)

    def is_over(self) -> bool:
        last = self.history[-IN_A_ROW:]
        if not self.keep_going and len(last) == IN_A_ROW and all(map(self.exam.is_learned, last)):
            return self._stop("converged")
        if self.used >= self.seconds:
            return self._stop("budget")
        return bool(self.steps) and self.step >= self.steps and self._stop("steps")

    def _stop(self, reason: str) -> bool:
        self.stopped = self.stopped or reason
        return True

    def _show(self) -> None:
        self._shown = time.monotonic()
        self.show(self)

    def _wait(self) -> None:
        if not self.pace:
            return
        while (left := self._began + self.step / self.pace - time.monotonic()) > 0:
            if left > 0.1:
                self._show()
            time.sleep(min(left, 0.1))

    # ---- what is known ----

    @property
    def now(self) -> Result:
        return self.history[-1]

    @property
    def best(self) -> Result:
        """The snapshot with the lowest loss: training on single strings spikes, and where it stopped is luck."""
        return min((r for r in self.history if isfinite(r.loss)), key=lambda r: r.loss, default=self.history[0])

    @property
    def steps_per_second(self) -> float:
        return self.step / max(self.used, 1e-3)

    @property
    def initial_loss(self) -> float:
        return fmean(self.losses[:FIRST]) if self.losses else self.history[0].loss

    @property
    def final_loss(self) -> float:
        return fmean(self.losses[-LAST:]) if self.losses else self.now.loss

    @property
    def curve(self) -> list[tuple[int, float]]:
        return [(result.step, result.loss) for result in self.history]

    def milestones(self) -> dict[int, float]:
        return {step: loss for step, loss in progression(self.curve).items() if loss is not None}

    def at_floor(self) -> Result | None:
        """The first snapshot within five percent of the floor."""
        return next(filter(self.exam.is_at_floor, self.history), None)

    def order(self) -> list[tuple[str, int | None]]:
        present = {p.category for p in self.now.predictions}
        found = order_of_learning([(result.step, result.predictions) for result in self.history])
        return [(name, step) for name, step in found if name in present]

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data; what is not finite is None."""
        floor = self.at_floor()
        return {
            "training": {
                "steps": self.step,
                "cpu_seconds": round(self.used, 3),
                "steps_per_second": round(self.steps_per_second, 2),
                "initial_loss": number(self.initial_loss),
                "final_loss": number(self.final_loss),
                "improvement": number(improvement(self.initial_loss, self.final_loss)),
                "best_loss": number(self.best.loss),
                "entropy_floor": self.exam.floor,
                "steps_to_floor": floor.step if floor else None,
                "seconds_to_floor": round(floor.seconds, 3) if floor else None,
                "stopped": self.stopped,
                "curve": [[step, number(loss)] for step, loss in self.curve],
                "milestones": [[step, number(loss)] for step, loss in self.milestones().items()],
            },
            "predictions": prediction_rows(self.best),
            "exact": self.best.exact,
            "learned": self.best.learned,
            "cases": len(self.exam.cases),
            "ceiling": self.exam.ceiling,
            "learning_order": [list(pair) for pair in self.order()],
        }


def prediction_rows(result: Result) -> list[dict[str, Any]]:
    keys = ("input", "expected", "got", "exact", "credit", "note")
    return [{key: getattr(p, key) for key in keys} for p in result.predictions]


def number(value: float) -> float | None:
    return round(value, 6) if isfinite(value) else None
