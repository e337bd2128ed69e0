"""Rules on parameters under an optimiser: what they name, and what they leave alone."""

import dataclasses

import numpy as np
import pytest

from tinygrade.diagnosis.rules import trajectories

LR = 0.1


def right(p, g, step, i):
    return p - LR * g


CASES = {
    "never": (lambda p, g, step, i: p, trajectories.never_moves, {}),
    "sign": (lambda p, g, step, i: p + LR * g, trajectories.against, {}),
    "twice": (lambda p, g, step, i: p - 2 * LR * g, trajectories.scaled, {"ratio": 2.0, "constant": "2"}),
    "lr": (lambda p, g, step, i: p - g, trajectories.scaled, {"ratio": 10.0, "constant": "1 / lr"}),
    "lr squared": (lambda p, g, step, i: p - LR**2 * g, trajectories.scaled, {"ratio": 0.1, "constant": "lr"}),
    "first": (
        lambda p, g, step, i: p - (LR if i == 0 else 2 * LR) * g,
        trajectories.some_parameters,
        {"wrong_parameters": [2], "of": 3},
    ),
    "later": (
        lambda p, g, step, i: p - (LR if step < 3 else 0.0) * g,
        trajectories.from_step,
        {"first_wrong_step": 3},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_named(trajectory, name):
    update, see, evidence = CASES[name]
    found = see(trajectory(update))
    assert {key: pytest.approx(value) if key == "ratio" else value for key, value in found.items()} == evidence


@pytest.mark.parametrize("name", CASES)
def test_other_mistakes_are_not_taken_for_it(trajectory, name):
    _, see, _ = CASES[name]
    rng = np.random.default_rng(0)
    assert see(trajectory(lambda p, g, step, i: p - LR * np.sign(g) * rng.uniform(0.5, 2, p.shape))) is None
    assert see(trajectory(right)) is None


def test_a_frozen_parameter_that_moves_is_told_as_such(trajectory):
    seen = trajectory(right)
    got = [[a, b, c + 0.1 * step] for step, (a, b, c) in enumerate(seen.got, 1)]
    evidence = trajectories.some_parameters(dataclasses.replace(seen, got=got))
    assert evidence == {"wrong_parameters": [3], "of": 3, "without_gradient": [3]}


@pytest.mark.parametrize("value", [None, "text", [1.0], np.zeros(7), np.zeros((4, 4))])
def test_unreadable(trajectory, value):
    seen = trajectory(right)
    got = [*seen.got[:2], [seen.got[2][0], value, seen.got[2][2]], seen.got[3]]
    evidence = trajectories.unreadable(dataclasses.replace(seen, got=got))
    assert (evidence["step"], evidence["parameter"]) == (3, 2)
    assert trajectories.unreadable(seen) is None


def test_not_finite(trajectory):
    seen = trajectory(lambda p, g, step, i: p - LR * g + (np.nan if step == 2 and i == 1 else 0.0))
    assert trajectories.not_finite(seen) == {"step": 2, "parameter": 2}
    assert trajectories.not_finite(trajectory(right)) is None


@pytest.mark.parametrize("got", [None, 3, "text", [], [None], [[]], [[1], [2], [3], [4]], {}, [[np.zeros(2)] * 3] * 4])
def test_any_path_at_all(trajectory, got):
    seen = dataclasses.replace(trajectory(right), got=got)
    for one in trajectories.RULES:
        one.see(seen)
