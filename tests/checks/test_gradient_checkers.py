"""The comparison of gradient checkers: what it counts, and what it says of peers that are not there."""

import gradient_checkers as benchmark
import numpy as np
import pytest
from wrong_backwards import OPS, WRONG


def test_enough_mistakes_are_tried():
    assert len(WRONG) >= 30
    assert {op for op, _ in WRONG.values()} <= set(OPS)


def test_ones_accept_what_a_random_cotangent_does_not():
    for mistake in ("zero softmax", "mean of g", "transposed", "loss ignores g"):
        op, backward = WRONG[mistake]
        assert benchmark.accepts(benchmark.ones, op, backward, 0)
        assert not benchmark.accepts(benchmark.ours, op, backward, 0)


def test_a_checker_of_ones_is_a_fair_one():
    """It knows right from wrong where ones can tell."""
    assert benchmark.accepts(benchmark.ones, "exp", None, 0)
    for mistake in ("sign", "factor 2", "broadcasting averaged", "NaN"):
        op, backward = WRONG[mistake]
        assert not benchmark.accepts(benchmark.ones, op, backward, 0)


def test_peers_that_are_not_installed_are_named(monkeypatch):
    monkeypatch.setattr(benchmark.importlib.util, "find_spec", lambda name: None)
    found, missing = benchmark.checkers()
    assert set(found) == {"ours", "ones"}
    assert missing == ["torch", "autograd"]
    result = benchmark.measure(1)
    assert result["checkers"]["ours"]["wrong_trials_accepted"] == 0
    assert result["checkers"]["ours"]["right_trials_accused"] == 0
    assert result["checkers"]["ones"]["accepted"]["zero softmax"] == 1
    table = benchmark.table(result)
    assert "| ours | 0 | 0 | 0 |" in table
    assert "torch is not installed" in table


def test_peers_see_every_argument():
    pytest.importorskip("autograd")
    op, backward = WRONG["sign of the second"]
    assert not benchmark.accepts(benchmark.hips, op, backward, 0)
    assert benchmark.accepts(benchmark.hips, op, None, 0)


def test_input_and_cotangent_of_ours_are_drawn_apart():
    """One stream for both would make the cotangent equal to the input, and relu of g right."""
    op, backward = WRONG["relu of g"]
    for seed in range(5):
        assert not benchmark.accepts(benchmark.ours, op, backward, seed)
    assert np.random.default_rng(3).random() != np.random.default_rng([3, 1]).random()
