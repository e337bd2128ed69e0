"""The training budget: a small one is reported, kept, and pays for what was reached."""

import shutil

import pytest

BATCH_ONE = """
    optimizer = AdamW(model.parameters(), lr=1e-4)
    losses: list[float] = []
    for step in range(1, 1_000_000):
        i = rng.integers(len(x))
        losses.append(train_step(model, optimizer, x[i : i + 1], y[i : i + 1]))
        if on_step(step, losses[-1]) >= 1:
            break
    return losses
"""
ASKS = "        if on_step(step, losses[-1]) >= 1:\n            break\n"
#: The training, and a check of other code.
RUN = ("--earlier", "released", "-k", "test_training or test_predictions or test_log_probabilities")
DEAF = BATCH_ONE.replace(ASKS, "        on_step(step, 0.0)\n")


@pytest.fixture
def short(repository, tmp_path):
    """The course with a budget of two seconds."""
    root = tmp_path / "course"
    shutil.copytree(repository / "assignments", root / "assignments")
    for name in ("reference", "student_template"):
        (root / name).symlink_to(repository / name)
    path = root / "assignments" / "assignment3" / "assignment.toml"
    path.write_text(path.read_text().replace("budget_seconds = 300", "budget_seconds = 1"))
    return str(root / "assignments")


@pytest.mark.parametrize("recipe", [BATCH_ONE, DEAF], ids=["stops when told", "never stops"])
def test_budget_ends_the_run_and_its_snapshots_count(check, variant, short, recipe):
    run = check(variant(("train.py", "    model.train()\n", recipe.lstrip("\n"))), *RUN, "--course", short)
    training = run.report["sections"]["training"]
    assert training["budget_limited"] is True
    assert training["stopped"] == "budget"
    assert training["cpu_seconds"] < 2 * training["budget_seconds"] + 2
    assert training["curve"][-1][0] > 50
    assert run.check("test_training")["status"] in ("partial", "failed")
    assert run.check("test_log_probabilities")["status"] == "passed"
    assert run.exit_code == 1


FLOOD = """
    import gc
    pipe = next(o for o in gc.get_objects() if type(o).__name__ == "Pipe")
    while True:
        pipe.send({"event": "step", "step": 1, "loss": 1.0})
"""


def test_messages_without_end_do_not_keep_us_from_the_clock(check, variant, short):
    run = check(variant(("train.py", "    model.train()\n", FLOOD.lstrip("\n"))), *RUN, "--course", short)
    assert run.report["sections"]["training"]["stopped"] == "budget"
    assert run.check("test_training")["points"] == 0
    assert run.check("test_log_probabilities")["status"] == "passed"
