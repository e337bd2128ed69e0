"""SGD gone wrong, as paths: one simulation with a switch for every step that is easily mistaken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Rule
from tinygrade.diagnosis.observations import TrajectoryMismatch

from .formulas import Claims, trajectory
from .paths import COMMON, Frozen, Owner, follow, gradients_seen

SGD = "optim.SGD"


@dataclass(frozen=True)
class Momentum:
    """How one step is done; every field as it should be."""

    #: "sum" of past gradients, running "mean", mean "after the first", "none", or with a look "ahead".
    form: str = "sum"
    owner: Owner = "own"
    frozen: Frozen = "rests"
    #: Power of the learning rate in the step.
    power: int = 1
    #: The velocity of before is multiplied by this of the momentum.
    kept: Callable[[float], float] = float
    gradients: str = "new"


def path(recipe: Momentum, seen: TrajectoryMismatch) -> list[list[np.ndarray]]:
    """The parameters after each step."""
    settings = {"momentum": 0.0, **seen.settings}

    def step(state: dict[str, Any], p: np.ndarray, g: np.ndarray, number: int, calls: int) -> np.ndarray:
        before = state.get("u", np.zeros_like(p))
        mu = recipe.kept(settings["momentum"])
        weight = 1.0 - mu if recipe.form == "mean" or (recipe.form == "after the first" and "u" in state) else 1.0
        u = (0.0 if recipe.form == "none" else mu) * before + weight * g
        state["u"] = u
        move = g + mu * u if recipe.form == "ahead" else u
        return np.asarray(p - settings["lr"] ** recipe.power * move)

    gradients = gradients_seen(seen, recipe.gradients)
    return follow(seen, step, owner=recipe.owner, frozen=recipe.frozen, gradients=gradients)


def _claims(variants: dict[str, Momentum]) -> Callable[[TrajectoryMismatch], Claims]:
    def claims(seen: TrajectoryMismatch) -> Claims:
        for name, recipe in variants.items():
            yield {"as_if": name}, lambda recipe=recipe: path(recipe, seen)

    return claims


VARIANTS: dict[str, dict[str, Momentum]] = {
    "sgd-damped": {
        "the velocity is a running mean": Momentum(form="mean"),
        "a running mean from the second gradient on": Momentum(form="after the first"),
    },
    "sgd-no-momentum": {
        "no velocity": Momentum(form="none"),
        "a new velocity at every step": Momentum(owner="fresh"),
        "one minus momentum": Momentum(kept=lambda mu: 1.0 - mu),
    },
    "sgd-nesterov": {"a look ahead": Momentum(form="ahead")},
    "sgd-learning-rate": {"no learning rate": Momentum(power=0), "the learning rate twice": Momentum(power=2)},
    "sgd-velocity-shared": {
        "one velocity for all parameters of a shape": Momentum(owner="shared"),
        "one long velocity, of which each uses the beginning": Momentum(owner="beginning"),
        "the velocity at the place among those that move": Momentum(owner="filtered"),
    },
    "frozen-parameter-moved": {
        "moves on with its old velocity": Momentum(frozen="zero"),
        "keeps its value; its velocity shrinks": Momentum(frozen="state only"),
    },
    "gradients-accumulate": {"the sum of all gradients so far": Momentum(gradients="sum")},
}
RULES: list[Rule] = [
    *(trajectory(code, SGD, _claims(variants)) for code, variants in VARIANTS.items()),
    *(trajectory(code, SGD, claims) for code, claims in COMMON.items()),
]
