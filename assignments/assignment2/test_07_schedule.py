"""Group 7: the learning rate of every step, as a table."""

import numpy as np
import pytest

from tinygrade.checks.loops import called

SCHEDULES = (
    {"peak": 0.1, "warmup": 5, "total": 20},
    {"peak": 1.0, "warmup": 1, "total": 7, "floor": 0.1},
    {"peak": 3e-3, "warmup": 10, "total": 12, "floor": 1e-4},
)


@pytest.mark.points(2)
@pytest.mark.title("lr_at, every step")
@pytest.mark.task("A2.5")
@pytest.mark.where("optim.lr_at")
@pytest.mark.hint("Print the rates of the first steps, around the peak, and of the last two. Which one is not as said?")
@pytest.mark.parametrize("part", ["warm-up", "cosine"])
def test_schedule(parity, student, reference, part):
    for plan in SCHEDULES:
        warm = range(1, plan["warmup"] + 1)
        steps = list(warm if part == "warm-up" else range(plan["warmup"] + 1, plan["total"] + 4))
        calls = [([step], plan) for step in steps]
        got = called(student, student.optim.lr_at, calls)
        expected = np.array([np.asarray(rate) for rate in called(reference, reference.optim.lr_at, calls)])
        if all(type(rate) in (float, int) for rate in got):
            got = np.array(got, dtype=np.float64)  # one array, so that the whole table tells what is wrong with it
        told = ", ".join(f"{key} {value:g}" for key, value in plan.items())
        name = f"{told}: lr_at for the steps {steps[0]} to {steps[-1]}"
        parity.data(got, expected, name, about="optim.lr_at", inputs={"steps": np.array(steps), **plan})
