"""The steps at which weights are sent."""

import pytest

from tinygrade.checks.training import snapshot_steps


def test_snapshots_are_dense_at_first_and_few_in_total():
    steps = snapshot_steps()
    assert steps[:6] == [1, 2, 5, 10, 20, 30]
    assert steps == sorted(set(steps))
    assert steps[-1] >= 1_000_000
    assert len(steps) < 600


def test_the_gaps_are_ten_steps_or_two_percent():
    steps = snapshot_steps()
    for before, after in zip(steps[3:], steps[4:], strict=False):
        assert after % 10 == 0
        assert 10 <= after - before <= max(10, 0.02 * before)
        assert after - before >= 0.01 * before


@pytest.mark.parametrize("last", [0, 1, 5, 6, 10, 123, 5000])
def test_the_last_step_is_reached(last):
    steps = snapshot_steps(last)
    assert steps[-1] >= last
    assert steps == snapshot_steps()[: len(steps)]
