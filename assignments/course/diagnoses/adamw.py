"""AdamW gone wrong, as paths: one simulation with a switch for every step that is easily mistaken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Rule
from tinygrade.diagnosis.observations import TrajectoryMismatch

from .formulas import Claims, trajectory
from .paths import COMMON, Frozen, Owner, follow, gradients_seen

ADAMW = "optim.AdamW"


def _outside(v: np.ndarray, eps: float) -> np.ndarray:
    return np.asarray(np.sqrt(v) + eps)


@dataclass(frozen=True)
class Adam:
    """How one step is done; every field as it should be."""

    #: Are the means corrected for having started at zero: the first, the second?
    corrected: tuple[bool, bool] = (True, True)
    #: Is the new gradient weighted in its running mean: the first, the second?
    weighted: tuple[bool, bool] = (True, True)
    second: Callable[[np.ndarray], np.ndarray] = np.square
    below: Callable[[np.ndarray, float], np.ndarray] = _outside
    #: eps is added to what is not corrected yet.
    eps_first: bool = False
    #: The corrected means are what is remembered.
    stored: bool = False
    swapped: bool = False
    decay: str = "before"
    #: Which number the correction takes for that of the step.
    count: str = "step"
    owner: Owner = "own"
    frozen: Frozen = "rests"
    #: Which gradients arrive: this step's, or all so far.
    gradients: str = "new"


def path(adam: Adam, seen: TrajectoryMismatch) -> list[list[np.ndarray]]:
    """The parameters after each step."""
    settings = {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0, **seen.settings}
    step = _Step(adam, settings)
    return follow(seen, step, owner=adam.owner, frozen=adam.frozen, gradients=gradients_seen(seen, adam.gradients))


class _Step:
    """One parameter's step: called with its state, its value, its gradient and the numbers that count."""

    def __init__(self, adam: Adam, settings: dict[str, Any]) -> None:
        self.adam = adam
        self.lr, self.eps, self.decay = settings["lr"], settings["eps"], settings["weight_decay"]
        self.betas = settings["betas"][::-1] if adam.swapped else settings["betas"]

    def __call__(self, state: dict[str, Any], p: np.ndarray, g: np.ndarray, step: int, calls: int) -> np.ndarray:
        adam, (b1, b2) = self.adam, self.betas
        if adam.decay == "coupled":
            g = g + self.decay * p
        gain1, gain2 = (1.0 - b if on else 1.0 for b, on in zip((b1, b2), adam.weighted, strict=True))
        m = b1 * state.get("m", 0.0) + gain1 * g
        v = b2 * state.get("v", 0.0) + gain2 * adam.second(g)
        t = self._count(step, calls)
        m_right = m / (1.0 - b1**t) if adam.corrected[0] else m
        v_right = v / (1.0 - b2**t) if adam.corrected[1] else v
        state.update({"m": m_right, "v": v_right} if adam.stored else {"m": m, "v": v})
        below = adam.below(v_right, self.eps)
        if adam.eps_first:
            below = adam.below(v, self.eps) / np.sqrt(1.0 - b2**t)
        return self._decayed(p, self.lr * m_right / below)

    def _count(self, step: int, calls: int) -> int:
        return {"step": step, "parameter": calls, "late": step + 1, "early": step - 1, "never": 1}[self.adam.count]

    def _decayed(self, p: np.ndarray, move: np.ndarray) -> np.ndarray:
        rate, decay = self.lr * self.decay, self.adam.decay
        if decay == "before":
            return np.asarray(p * (1.0 - rate) - move)
        if decay == "after":
            return np.asarray((p - move) * (1.0 - rate))
        factors = {"whole": 1.0 - self.decay, "squared": 1.0 - self.lr * rate, "uphill": 1.0 + rate, "only": 1.0}
        if decay == "sign":
            return np.asarray(p - move - rate * np.sign(p))
        if decay == "half":
            return np.asarray(p * (1.0 - 0.5 * rate) - move)
        if decay == "weights only" and p.ndim < 2:
            return np.asarray(p - move)
        if decay == "weights only":
            return np.asarray(p * (1.0 - rate) - move)
        return np.asarray(p * factors.get(decay, 1.0) - move)


def _inside(v: np.ndarray, eps: float) -> np.ndarray:
    return np.asarray(np.sqrt(v + eps))


def _claims(variants: dict[str, Adam]) -> Callable[[TrajectoryMismatch], Claims]:
    def claims(seen: TrajectoryMismatch) -> Claims:
        for name, adam in variants.items():
            yield {"as_if": name}, lambda adam=adam: path(adam, seen)

    return claims


VARIANTS: dict[str, dict[str, Adam]] = {
    "adam-bias-correction": {
        "neither mean corrected": Adam(corrected=(False, False)),
        "second mean not corrected": Adam(corrected=(True, False)),
        "first mean not corrected": Adam(corrected=(False, True)),
        "the corrected means remembered": Adam(stored=True),
    },
    "adam-step-per-parameter": {"counted once per parameter": Adam(count="parameter")},
    "adam-step-count": {
        "counted from 2": Adam(count="late"),
        "counted from 0": Adam(count="early"),
        "always 1": Adam(count="never"),
    },
    "adam-eps": {
        "eps below the root": Adam(below=_inside),
        "eps squared below the root": Adam(below=lambda v, eps: np.sqrt(v + eps**2)),
        "eps added before the correction": Adam(eps_first=True),
        "no eps": Adam(below=lambda v, eps: np.sqrt(v)),
        "at least eps": Adam(below=lambda v, eps: np.maximum(np.sqrt(v), eps)),
    },
    "adam-second-moment": {
        "the gradient, not its square": Adam(second=lambda g: g),
        "the size of the gradient, not its square": Adam(second=np.abs),
        "the gradient below no root": Adam(second=lambda g: g, below=lambda v, eps: v + eps),
        "the size of the gradient, no root": Adam(second=np.abs, below=lambda v, eps: v + eps),
        "one number for the whole parameter": Adam(second=lambda g: np.full_like(g, np.mean(g * g))),
    },
    "adam-no-root": {"no root is taken": Adam(below=lambda v, eps: v + eps)},
    "adam-betas": {"betas exchanged": Adam(swapped=True)},
    "adam-running-mean": {
        "first mean is a sum": Adam(weighted=(False, True)),
        "second mean is a sum": Adam(weighted=(True, False)),
        "both means are sums": Adam(weighted=(False, False)),
    },
    "adamw-coupled-decay": {"decay added to the gradient": Adam(decay="coupled")},
    "adamw-decay-scale": {
        "decay without the learning rate": Adam(decay="whole"),
        "decay with the learning rate twice": Adam(decay="squared"),
        "half the decay": Adam(decay="half"),
        "growth": Adam(decay="uphill"),
        "decay by the sign": Adam(decay="sign"),
    },
    "adamw-decay-order": {"decay after the step": Adam(decay="after")},
    "adamw-no-decay": {"no decay": Adam(decay="none")},
    "adamw-decay-skipped": {"decay of matrices only": Adam(decay="weights only")},
    "adam-moments-shared": {
        "one state for all parameters of a shape": Adam(owner="shared"),
        "one long state, of which each uses the beginning": Adam(owner="beginning"),
        "the state at the place among those that move": Adam(owner="filtered"),
    },
    "adam-moments-forgotten": {
        "a new state at every step": Adam(owner="fresh"),
        "a new state and step count at every step": Adam(owner="fresh", count="never"),
    },
    "frozen-parameter-moved": {
        "takes part with a gradient of 0": Adam(frozen="zero"),
        "keeps its value; its means take part": Adam(frozen="state only"),
        "decays": Adam(frozen="decays"),
    },
    "gradients-accumulate": {"the sum of all gradients so far": Adam(gradients="sum")},
}
RULES: list[Rule] = [
    *(trajectory(code, ADAMW, _claims(variants)) for code, variants in VARIANTS.items()),
    *(trajectory(code, ADAMW, claims) for code, claims in COMMON.items()),
]
