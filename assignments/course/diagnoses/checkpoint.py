"""An optimiser whose memory came back wrongly: known by its steps after loading, whatever its memory is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Rule
from tinygrade.diagnosis.observations import TrajectoryMismatch

from .formulas import Claims, trajectory

LOAD = "checkpoint.load_checkpoint"
#: Memory of an optimiser: the number of the step, and for each parameter its running means.
Memory = tuple[int, list[list[np.ndarray]]]
#: What a mistake makes of it.
Spoil = Callable[[Memory], Memory]


def _adamw(memory: Memory, p: list[np.ndarray], gradients: Sequence[Any], settings: Any) -> Memory:
    """One step, in place on `p`."""
    t, means = memory[0] + 1, [list(pair) for pair in memory[1]]
    beta1, beta2 = settings["betas"]
    for i, g in enumerate(gradients):
        m, v = means[i] = [beta1 * means[i][0] + (1 - beta1) * g, beta2 * means[i][1] + (1 - beta2) * g * g]
        p[i] = p[i] * (1 - settings["lr"] * settings["weight_decay"])
        root = np.sqrt(v / (1 - beta2**t)) + settings["eps"]
        p[i] = p[i] - settings["lr"] * m / (1 - beta1**t) / root
    return t, means


def _sgd(memory: Memory, p: list[np.ndarray], gradients: Sequence[Any], settings: Any) -> Memory:
    means = [[settings["momentum"] * u + g] for (u,), g in zip(memory[1], gradients, strict=True)]
    for i, (u,) in enumerate(means):
        p[i] = p[i] - settings["lr"] * u
    return memory[0] + 1, means


STEPS = {"AdamW": (_adamw, 2), "SGD": (_sgd, 1)}


def path(seen: TrajectoryMismatch, spoil: Spoil) -> list[list[np.ndarray]]:
    """The parameters after each step that follows loading, when the memory came back as `spoil` has it."""
    settings = dict(seen.settings)
    step, count = STEPS[settings["optimizer"]]
    p = [np.array(start) for start in seen.starts]
    memory: Memory = (0, [[np.zeros_like(start)] * count for start in p])
    found = []
    for number, gradients in enumerate(seen.gradients):
        if number == settings["saved_after"]:
            memory = spoil(memory)
        memory = step(memory, p, gradients, settings)
        if number >= settings["saved_after"]:
            found.append([np.array(array) for array in p])
    return found


def _nothing(means: list[list[np.ndarray]]) -> list[list[np.ndarray]]:
    return [[np.zeros_like(mean) for mean in pair] for pair in means]


def _only(kept: int) -> Spoil:
    """One of the means comes back, the others start at nothing."""
    return lambda memory: (
        memory[0],
        [[m if i == kept else np.zeros_like(m) for i, m in enumerate(pair)] for pair in memory[1]],
    )


MISTAKES: dict[str, dict[str, Spoil]] = {
    "optimizer-state-lost": {
        "nothing came back": lambda memory: (0, _nothing(memory[1])),
        "only the number of the step came back": lambda memory: (memory[0], _nothing(memory[1])),
        "only the first mean came back": _only(0),
        "only the second mean came back": _only(1),
    },
    "step-count-lost": {
        "the count starts at 0": lambda memory: (0, memory[1]),
        "the count is one behind": lambda memory: (memory[0] - 1, memory[1]),
        "the count is one ahead": lambda memory: (memory[0] + 1, memory[1]),
    },
    "moments-exchanged": {
        "each takes the other's place": lambda memory: (memory[0], [pair[::-1] for pair in memory[1]]),
        "the first stands in both places": lambda memory: (memory[0], [[pair[0]] * len(pair) for pair in memory[1]]),
        "the second stands in both places": lambda memory: (memory[0], [[pair[-1]] * len(pair) for pair in memory[1]]),
    },
    "moments-order": {
        "those of the parameters in reverse": lambda memory: (memory[0], memory[1][::-1]),
        "those of the first for all": lambda memory: (memory[0], [memory[1][0]] * len(memory[1])),
        "those of the last for all": lambda memory: (memory[0], [memory[1][-1]] * len(memory[1])),
    },
}


def _claims(ways: dict[str, Spoil]) -> Callable[[TrajectoryMismatch], Claims]:
    def claims(seen: TrajectoryMismatch) -> Claims:
        for name, spoil in ways.items():
            yield {"as_if": name}, lambda spoil=spoil: path(seen, spoil)

    return claims


RULES: list[Rule] = [trajectory(code, LOAD, _claims(ways)) for code, ways in MISTAKES.items()]
