"""Group 6: the student's own training, under the budget."""

import pytest

PIECES = ("test_causal_mask", "test_attention", "test_self_attention", "test_block", "test_logits", "test_loss")


@pytest.mark.points(10)
@pytest.mark.title("training budget")
@pytest.mark.task("A3.7")
@pytest.mark.where("train.train")
@pytest.mark.needs(*PIECES)
@pytest.mark.slow
@pytest.mark.hint("Plot the loss. Does it fall, and where does it stop falling?")
def test_training(training_run, partial_credit):
    training_run.require_possible()
    best, outcome = training_run.best, training_run.outcome
    used = f"{outcome.steps:,} steps; {outcome.cpu_seconds:.1f} s of the {outcome.budget_seconds:.0f} s budget"
    own = "" if training_run.judge.share == 1.0 else "; judged by your own forward, at half credit"
    loss = f"loss {training_run.initial_loss:.2f} -> {best.loss:.3f} (floor {training_run.judge.floor:.3f})"
    partial_credit(training_run.credit(best.loss_credit), f"{loss}\n{used}{own}", training_run.curve)
