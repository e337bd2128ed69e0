"""Run a student's training function under a budget that is fair on a slow or busy machine.

The budget is CPU time of the worker as the kernel counts it, stretched by `Calibration`. The student's function is
told the fraction used; when it does not stop, it is stopped, and what it reached counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tinygrade.checks.calibration import Calibration
from tinygrade.checks.compare import describe
from tinygrade.checks.student import StudentLibrary
from tinygrade.failures import StudentFailure

#: After "stop" a function gets this long to return by itself.
GRACE_SECONDS = 1.0
#: Wall seconds for a budget, not counting time spent waiting for a CPU: sleeping does not train.
WALL_FACTOR, WALL_EXTRA = 2, 60
SAMPLE_EVERY = 0.5  # seconds between slices of the calibration
PROGRESS_EVERY = 0.1
#: A function that returned after this share of the budget returned because of it: the worker reads its own clock
#: between our messages.
NEARLY = 0.95


@dataclass(frozen=True)
class Snapshot:
    """The weights at one moment, as the worker sent them; checked for names and shapes, not yet judged."""

    step: int
    #: What the student's function reported; None when it was no number.
    reported_loss: float | None
    weights: dict[str, np.ndarray]


@dataclass(frozen=True)
class TrainingOutcome:
    """How a run under a budget went. Times are seconds."""

    #: As the worker reported them; nothing is graded by it.
    steps: int
    cpu_seconds: float
    wall_seconds: float
    #: The budget after calibration.
    budget_seconds: float
    stopped: Literal["enough", "returned", "budget"]


class _Stop(Exception):
    """Leaves `ask`: the function did not stop by itself."""


class BudgetedTraining:
    """One training run.

    Args:
        student: the library whose worker trains; it is closed at the end.
        shapes: the parameters' shapes by canonical name.
        seconds: the nominal budget in CPU seconds.
        on_snapshot: called with each snapshot in order; True ends the run.
        on_progress: called about ten times a second with step, loss, fraction and seconds left.
    """

    def __init__(
        self,
        student: StudentLibrary,
        shapes: dict[str, tuple[int, ...]],
        seconds: float,
        on_snapshot: Callable[[Snapshot], bool],
        on_progress: Callable[..., None],
    ) -> None:
        self._student = student
        self._shapes = shapes
        self._nominal = seconds
        self._on_snapshot = on_snapshot
        self._on_progress = on_progress
        self._calibration = Calibration()
        self._steps = self._snapshots = 0
        self._loss: float | None = None
        self._enough = False
        self._stop_asked_at: float | None = None
        self._shown = self._sampled = self._last_used = 0.0
        #: The budget as the worker was last told.
        self._told = self._budget

    def run(self, function: Any, model: Any, args: Sequence[Any], *, seed: int) -> TrainingOutcome:
        """Call `function(model, *args, rng=..., on_step=...)` in the worker.

        Args:
            seed: for the generator that the function gets.

        Raises:
            StudentFailure: the function raised, or its process ended. Being stopped is no failure.
        """
        self._worker = self._student.worker
        self._start_cpu = self._worker.cpu_seconds()
        self._start_waited = self._worker.waited_seconds()
        self._start = start = time.monotonic()
        stopped: Literal["enough", "returned", "budget"] = "returned"
        try:
            plan = {"seed": seed, "snapshots": snapshot_steps()}
            waiting = {"on_event": self._event, "on_tick": self._tick, "cpu_seconds": 4.5 * self._nominal + 30}
            self._student.run_training(function, model, args, plan, **waiting)
        except _Stop:
            stopped = "budget"
        except StudentFailure as failure:
            if failure.status != "timed_out":
                raise
            stopped = "budget"
        cpu = self._used()
        self._student.close()
        return TrainingOutcome(
            steps=self._steps,
            cpu_seconds=round(cpu, 3),
            wall_seconds=round(time.monotonic() - start, 3),
            budget_seconds=round(self._told, 1),
            stopped="enough" if self._enough else "budget" if cpu >= NEARLY * self._told else stopped,
        )

    @property
    def _budget(self) -> float:
        return self._nominal * self._calibration.factor

    def _used(self) -> float:
        # A process that has ended has no CPU time any more: keep what it had.
        self._last_used = max(self._last_used, self._worker.cpu_seconds() - self._start_cpu)
        return self._last_used

    def _post(self) -> dict[str, Any]:
        """What `on_step` computes its fraction from; a used-up budget tells it to stop."""
        self._told = self._budget
        return {"used": self._told if self._enough else self._used(), "budget": self._told}

    def _tick(self) -> dict[str, Any]:
        if time.monotonic() - self._sampled > SAMPLE_EVERY:
            self._sampled = time.monotonic()
            self._calibration.sample()
        used = self._used()
        wall = time.monotonic() - self._start - (self._worker.waited_seconds() - self._start_waited)
        if wall > WALL_FACTOR * self._budget + WALL_EXTRA:
            raise _Stop
        if self._enough or used >= self._budget:
            if self._stop_asked_at is None:
                self._stop_asked_at = used
            if used - self._stop_asked_at > GRACE_SECONDS:
                raise _Stop
        self._report(used)
        return self._post()

    def _event(self, message: dict[str, Any]) -> dict[str, Any] | None:
        kind, step = message.get("event"), message.get("step")
        if type(step) is not int or step < 0:
            raise StudentFailure("what came back from training was not an answer")
        self._steps = max(self._steps, step)
        loss = message.get("loss")
        self._loss = loss if type(loss) is float else None
        if kind == "snapshot":
            self._snapshots += 1
            if self._snapshots > MOST_SNAPSHOTS:
                raise StudentFailure("what came back from training was not an answer")
        if kind == "snapshot" and not self._enough:
            self._enough = self._on_snapshot(Snapshot(step, self._loss, self._weights(message.get("weights"))))
            return self._post() if self._enough else None
        return None

    def _weights(self, arrays: Any) -> dict[str, np.ndarray]:
        if type(arrays) is not list or len(arrays) != len(self._shapes):
            raise StudentFailure("the weights that came back are not those of the table in the handout")
        for (name, shape), array in zip(self._shapes.items(), arrays, strict=True):
            if type(array) is not np.ndarray or array.shape != tuple(shape) or array.dtype.kind != "f":
                raise StudentFailure(f"after training, {name} is {describe(array)}, expected shape {tuple(shape)}")
        return dict(zip(self._shapes, arrays, strict=True))

    def _report(self, used: float) -> None:
        if time.monotonic() - self._shown < PROGRESS_EVERY:
            return
        self._shown = time.monotonic()
        left = max(0.0, self._budget - used)
        fraction = min(1.0, used / self._budget)
        self._on_progress(step=self._steps, loss=self._loss, fraction=fraction, seconds_left=round(left, 1))


def snapshot_steps(last: int = 1_000_000) -> list[int]:
    """1, 2, 5, then every tenth step, then every 2 % more: fine enough for a spiking loss, and few in total."""
    steps = [1, 2, 5]
    while steps[-1] < last:
        steps.append(steps[-1] // 10 * 10 + max(10, steps[-1] // 500 * 10))
    return steps


#: As many as the worker was asked for, and the last weights. Each is kept and judged, so that more would be an attack.
MOST_SNAPSHOTS = len(snapshot_steps()) + 1
