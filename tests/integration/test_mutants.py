"""Mistakes and the policies for earlier assignments. That each mistake is caught and named: `test_audit.py`."""

from pathlib import Path

import pytest

ASSIGNMENTS = Path(__file__).resolve().parents[2] / "assignments"
#: A few of each kind: what a mistake in an earlier assignment costs does not depend on which one it is.
EARLIER = [
    "assignment1/mutants/grad_overwrite.toml",
    "assignment2/mutants/adam_no_bias_correction.toml",
    "assignment2/mutants/layer_norm_ddof.toml",
    "assignment2/mutants/softmax_zero.toml",
    "assignment2/mutants/targets_unshifted.toml",
]
OWN = ["assignment3/mutants/no_scale.toml", "assignment3/mutants/post_norm.toml"]


@pytest.mark.parametrize("file", EARLIER)
def test_mistake_in_an_earlier_assignment_costs_five_points(check, mutant, file):
    folder, facts = mutant(ASSIGNMENTS / file)
    run = check(folder, "--earlier", "auto")
    assert run.lost() == {"test_own_stack": 5}, facts["what"]
    swapped = {swap["assignment"] for swap in run.report["swaps"] if swap["source"] == "released"}
    # A released assignment brings those before it along.
    assert swapped == {"assignment1", "assignment2"} if "assignment2" in str(file) else {"assignment1"}


@pytest.mark.parametrize("file", EARLIER[:3])
def test_own_builds_on_the_mistake(check, mutant, file):
    folder, facts = mutant(ASSIGNMENTS / file)
    run = check(folder, "--earlier", "own", "--quick")
    assert len(run.lost()) > 1, facts["what"]
    assert run.statuses() <= {"passed", "partial", "failed"}
    assert {swap["source"] for swap in run.report["swaps"]} == {"own"}


@pytest.mark.parametrize("file", OWN)
def test_auto_swaps_nothing_that_is_right(check, mutant, file):
    folder, _ = mutant(ASSIGNMENTS / file)
    run = check(folder, "--earlier", "auto", "--quick")
    assert {swap["source"] for swap in run.report["swaps"]} == {"own"}


def test_released_takes_the_solution(check, mutant):
    folder, _ = mutant(ASSIGNMENTS / EARLIER[0])
    run = check(folder, "--earlier", "released")
    assert run.lost() == {"test_own_stack": 5}


def test_seeing_the_future_is_told(check, mutant):
    folder, _ = mutant(ASSIGNMENTS / "assignment3" / "mutants" / "mask_off_by_one.toml")
    run = check(folder)
    for which in ("test_training", "test_predictions"):
        assert run.check(which)["points"] == 0
        assert "sees the future" in run.check(which)["message"]
    assert run.report["score"] >= 60
