"""What a model knows of any set of strings: its loss above their floor, and its predictions case by case.

The course's `judge` grades the seed's strings and fresh ones; this one earns no points, and takes what a class
brings along.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .. import judging
from ..judging import Prediction
from ..prefix_tree import PrefixTree, position_entropy
from ..strings import inputs_and_targets
from .data import cases_of

#: The loss counts as at the floor up to this factor.
AT_FLOOR = 1.05


@dataclass(frozen=True)
class Result:
    """One snapshot. Loss in nats over all strings, seconds of training before it."""

    step: int
    seconds: float
    loss: float
    predictions: tuple[Prediction, ...]

    @property
    def exact(self) -> int:
        return judging.exact_count(self.predictions)

    @property
    def learned(self) -> int:
        return judging.learned_count(self.predictions)


class Exam:
    """Strings with what can be known of them."""

    def __init__(self, strings: tuple[str, ...]) -> None:
        self.strings = strings
        self.cases = cases_of(strings)
        self.tree = PrefixTree(strings)
        self.floor = self.tree.entropy_floor()
        self.none_at = position_entropy(strings)
        self.x, self.y = inputs_and_targets(strings)
        self._rows = [strings.index(case) for case in self.cases]

    @cached_property
    def ceiling(self) -> int:
        """The most cases that a causal model gets exactly."""
        return self.tree.ceiling(self.cases)

    def judge(self, step: int, seconds: float, logits: np.ndarray) -> Result:
        """A snapshot from its logits (N,T,V) on `x`."""
        cases = [judging.judge_case(c, logits[row], self.tree) for c, row in zip(self.cases, self._rows, strict=True)]
        return Result(step, seconds, judging.mean_loss(logits, self.y), tuple(cases))

    def is_learned(self, result: Result) -> bool:
        """Everything that can be learned: all cases, and a loss as close to the floor as full credit asks."""
        return result.learned == len(self.cases) and result.loss <= self.floor + judging.LOSS_MARGIN

    def is_at_floor(self, result: Result) -> bool:
        return result.loss <= AT_FLOOR * self.floor
