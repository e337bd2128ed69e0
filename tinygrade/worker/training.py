"""Run a training function and stream snapshots of the weights while it runs.

The trusted side recomputes loss and predictions from the snapshots, holds the clock and posts how much of the
budget is used; nothing that is measured here is believed.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from .pipe import Pipe
from .routines import read
from .surface import Surface

PROGRESS_EVERY = 0.2  # seconds


def run(
    pipe: Pipe, surface: Surface, function: Any, model: Any, args: list[Any], plan: dict[str, Any]
) -> dict[str, Any]:
    """Call `function(model, *args, rng=..., on_step=...)`.

    Args:
        plan: `seed` for the generator, `snapshots`: the steps at which weights are sent (sorted).

    Returns:
        `steps`: how often on_step was called.
    """
    observer = OnStep(pipe, surface, model, plan["snapshots"])
    function(model, *args, rng=np.random.default_rng(plan["seed"]), on_step=observer)
    observer.snapshot(None)
    return {"steps": observer.steps}


class OnStep:
    """What the student calls after each step: `on_step(step, loss)` gives the fraction of the budget used."""

    def __init__(self, pipe: Pipe, surface: Surface, model: Any, snapshots: list[int]) -> None:
        self.steps = 0
        self._pipe = pipe
        self._surface = surface
        self._model = model
        self._snapshots = snapshots
        self._next = 0
        self._used = 0.0  # seconds of the budget, as the trusted side counts them
        self._budget = 0.0
        self._posted = time.process_time()
        self._shown = 0.0
        self._take_posts(wait=True)

    def __call__(self, step: int, loss: float) -> float:
        self.steps += 1
        if self._next < len(self._snapshots) and self.steps >= self._snapshots[self._next]:
            self._next += 1
            self.snapshot(loss)
        elif time.monotonic() - self._shown > PROGRESS_EVERY:
            self._shown = time.monotonic()
            self._pipe.send({"event": "step", "step": self.steps, "loss": _number(loss)})
        self._take_posts(wait=False)
        used = self._used + time.process_time() - self._posted
        return min(1.0, used / self._budget)

    def snapshot(self, loss: Any) -> None:
        """Send the weights as they are now."""
        weights = read(self._surface, self._model)
        self._pipe.send({"event": "snapshot", "step": self.steps, "loss": _number(loss), "weights": weights})

    def _take_posts(self, *, wait: bool) -> None:
        post = self._pipe.receive() if wait else self._pipe.poll()
        while post is not None:
            self._used, self._budget = post["used"], post["budget"]
            self._posted = time.process_time()
            post = self._pipe.poll()


def _number(loss: Any) -> float | None:
    try:
        return float(loss)
    except Exception:  # whatever a student hands us as a loss
        return None

