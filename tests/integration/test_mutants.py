"""Wrong submissions: each loses points in the named check and in few others, and no mistake is ours."""

from pathlib import Path

import pytest

ASSIGNMENTS = Path(__file__).resolve().parents[2] / "assignments"
EARLIER = sorted(ASSIGNMENTS.glob("assignment[12]/mutants/*.toml"))
OWN = sorted(ASSIGNMENTS.glob("assignment3/mutants/*.toml"))


def name(path):
    return path.stem


def assert_caught(run, facts):
    lost = run.lost()
    assert lost.get(facts["check"], 0) > 0, f"{facts['what']}: {lost}"
    assert facts["keeps"] <= run.report["score"] < 100
    assert run.exit_code == 1
    assert run.statuses() <= {"passed", "partial", "failed"}
    assert "Traceback" not in run.text


@pytest.mark.parametrize("file", [*EARLIER, *OWN], ids=name)
def test_own(check, mutant, file):
    folder, facts = mutant(file)
    assert_caught(check(folder, "--earlier", "own"), facts)


@pytest.mark.parametrize("file", EARLIER, ids=name)
def test_mistake_in_an_earlier_assignment_costs_five_points(check, mutant, file):
    folder, facts = mutant(file)
    run = check(folder, "--earlier", "auto")
    assert run.lost() == {"test_own_stack": 5}, facts["what"]
    swapped = {swap["assignment"] for swap in run.report["swaps"] if swap["source"] == "released"}
    # A released assignment brings those before it along.
    assert swapped == {"assignment1", "assignment2"} if "assignment2" in str(file) else {"assignment1"}


@pytest.mark.parametrize("file", OWN, ids=name)
def test_auto_swaps_nothing_that_is_right(check, mutant, file):
    folder, facts = mutant(file)
    run = check(folder, "--earlier", "auto", "--quick")
    assert {swap["source"] for swap in run.report["swaps"]} == {"own"}


def test_released_takes_the_solution(check, mutant):
    folder, _ = mutant(EARLIER[0])
    run = check(folder, "--earlier", "released")
    assert run.lost() == {"test_own_stack": 5}


def test_seeing_the_future_is_told(check, mutant):
    folder, _ = mutant(ASSIGNMENTS / "assignment3" / "mutants" / "mask_off_by_one.toml")
    run = check(folder)
    for which in ("test_training", "test_predictions"):
        assert run.check(which)["points"] == 0
        assert "sees the future" in run.check(which)["message"]
    assert run.report["score"] >= 60
