"""Judge the snapshots of a training run: which forward to ask, what the best one is worth, when it is enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import judging
from .judging import Prediction
from .prefix_tree import PrefixTree, position_entropy
from .strings import CASES, SEED_STRINGS, inputs_and_targets

#: What the student's own forward can earn when it is not the reference's.
OWN_FORWARD_SHARE = 0.5
#: Exact cases that no causal model reaches.
IMPOSSIBLE_EXACT = 13
#: Snapshots in a row, about a hundred steps, in which every parameter holds a NaN. Steps of any size leave it there,
#: and whoever starts again with other weights does so earlier.
LOST = 10


@dataclass(frozen=True)
class Judged:
    """One snapshot, as recomputed here. Loss in nats."""

    step: int
    loss: float
    loss_credit: float
    #: Factor by which the fresh strings show that the weights come from this run.
    proof: float
    predictions: tuple[Prediction, ...]

    @property
    def is_full(self) -> bool:
        return self.loss_credit == 1.0 and self.proof == 1.0 and self.learned == len(CASES)

    @property
    def exact(self) -> int:
        return judging.exact_count(self.predictions)

    @property
    def learned(self) -> int:
        return judging.learned_count(self.predictions)

    @property
    def prediction_credit(self) -> float:
        return float(np.mean([p.credit for p in self.predictions]))


class Judge:
    """Judges weights by one forward over the strings that were trained on.

    Args:
        fresh: the strings of this run that nobody could know before.
        forward: `(weights, x (N,T)) -> logits or log-probabilities (N,T,V)`.
        share: what this forward can earn, 1 for the reference's.
        whose: "reference", the student's "own", or "equal": the student's own, which is equal to the reference's.
    """

    def __init__(
        self,
        fresh: list[str],
        forward: Callable[[dict[str, np.ndarray], np.ndarray], np.ndarray],
        share: float,
        whose: str = "reference",
    ) -> None:
        self.strings = [*SEED_STRINGS, *fresh]
        self.tree = PrefixTree(self.strings)
        self.floor = self.tree.entropy_floor()
        self.share = share
        self.whose = whose
        self.history: list[Judged] = []
        self._fresh = fresh
        self._lost = 0
        self._forward = forward
        self._x, self._y = inputs_and_targets(self.strings)
        #: The loss of a model that knows the position only.
        self.none_at = position_entropy(self.strings)

    def judge(self, step: int, weights: dict[str, np.ndarray]) -> Judged:
        """Judge one snapshot and remember it."""
        scores = self._forward(weights, self._x)
        seeds = len(SEED_STRINGS)
        loss = judging.mean_loss(scores, self._y)
        predictions = tuple(judging.judge_predictions(scores[: len(CASES)], self.tree))
        fresh = judging.fresh_credit(scores[seeds:], self._fresh, self.tree)
        credit = judging.loss_credit(loss, self.floor, self.none_at)
        judged = Judged(step, loss, credit, judging.training_proof(fresh), predictions)
        self.history.append(judged)
        lost = all(np.isnan(values).any() for values in weights.values())
        self._lost = self._lost + 1 if lost and np.isnan(loss) else 0
        return judged

    @property
    def is_over(self) -> bool:
        """Can no later snapshot be better? Full credit was reached, or no number can come back into the weights.

        A loss that stands still is no reason: it may fall yet.
        """
        return self.history[-1].is_full or self._lost >= LOST

    def is_leak(self, judged: Judged) -> bool:
        """Better than any causal model can be: it has seen the targets."""
        return judging.is_leak(judged.loss, self.floor) or (
            judged.exact >= IMPOSSIBLE_EXACT and judged.loss_credit > 0
        )

    def best(self) -> Judged | None:
        """The snapshot with the lowest loss, of those with full credit if there are any.

        Not the last one: single-sequence training spikes, and where it stopped is luck.
        """
        finite = [judged for judged in self.history if np.isfinite(judged.loss)]
        full = [judged for judged in finite if judged.is_full]
        return min(full or finite, key=lambda judged: judged.loss, default=None)
