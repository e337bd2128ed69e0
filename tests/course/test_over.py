"""When a training run ends early: nothing more can be earned, and never because it only looks hopeless."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

NAN = np.array([1.0, np.nan])
FINE = np.ones(2)


@pytest.fixture
def judge(course):
    """A judge of a model whose logits are the sum of all weights: nothing is ever learned."""
    module = importlib.import_module(f"{course.strings.__package__}.judge")

    def forward(weights, x):
        return np.zeros((*x.shape, 31)) + sum(values.sum() for values in weights.values())

    return module.Judge(["AB"], forward, 1.0)


def over(judge, *snapshots):
    """After which snapshots the run would end."""
    found = []
    for step, weights in enumerate(snapshots, 1):
        judge.judge(step, {"a": weights[0], "b": weights[1]})
        found.append(judge.is_over)
    return found


def test_weights_that_no_number_can_come_back_into_end_it(judge):
    assert over(judge, *[(NAN, NAN)] * 12) == [False] * 9 + [True] * 3


@pytest.mark.parametrize("between", [(FINE, FINE), (NAN, FINE)])
def test_whoever_starts_again_is_waited_for(judge, between):
    assert not any(over(judge, *([(NAN, NAN)] * 9 + [between]) * 3))


@pytest.mark.parametrize("weights", [(FINE, FINE), (1e6 * FINE, FINE), (np.inf * FINE, FINE), (NAN, FINE)])
def test_a_loss_that_stands_still_or_is_large_ends_nothing(judge, weights):
    with np.errstate(all="ignore"):
        assert not any(over(judge, *[weights] * 200))
