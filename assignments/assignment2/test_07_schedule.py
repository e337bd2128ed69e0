"""Group 7: the learning rate of every step, as a table."""

import pytest

SCHEDULES = (
    {"peak": 0.1, "warmup": 5, "total": 20},
    {"peak": 1.0, "warmup": 1, "total": 7, "floor": 0.1},
    {"peak": 3e-3, "warmup": 10, "total": 12, "floor": 1e-4},
)


@pytest.mark.points(2)
@pytest.mark.title("lr_at, every step")
@pytest.mark.task("A2.5")
@pytest.mark.where("optim.lr_at")
@pytest.mark.hint("Print the rates of the first two steps, of the steps around the peak, and of the last two. Which is not as said?")
@pytest.mark.parametrize("part", ["warm-up", "cosine"])
def test_schedule(parity, part):
    def table(lib, plan):
        warm = range(1, plan["warmup"] + 1)
        steps = warm if part == "warm-up" else range(plan["warmup"] + 1, plan["total"] + 4)
        return {f"(step={step})": lib.optim.lr_at(step, **plan) for step in steps}

    for plan in SCHEDULES:
        told = ", ".join(f"{key} {value:g}" for key, value in plan.items())
        parity(lambda lib, plan=plan: table(lib, plan), f"{told}: lr_at")
