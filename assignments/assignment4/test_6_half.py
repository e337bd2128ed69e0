"""Group 6: from the shipped model, strings of a kind that it knows take at most half the steps of a new model."""

import numpy as np
import pytest

LR = 0.01
STEPS = 25
#: Mean credit with full points, and that of none.
FULL, NONE = 0.6, 0.2


@pytest.mark.points(10)
@pytest.mark.title("fine-tuning takes half the steps of a new start")
@pytest.mark.task("A4.4")
@pytest.mark.where("finetune.finetune")
@pytest.mark.needs("test_report")
@pytest.mark.slow
@pytest.mark.hint("What do the first ten steps do to what the model knows already? How large is the first of them?")
def test_half(student, tuning, partial_credit):
    fresh = tuning.start.fresh(tuning.rng)

    def credit(weights, steps):
        model = tuning.start.build(student, weights)
        tuning.tune(student, model, tuning.related, steps=steps, lr=LR)
        return tuning.judge.credit(tuning.start.read(student, model), tuning.related)

    tuned, scratch = credit(tuning.start.weights, STEPS), credit(fresh, 2 * STEPS)
    share = float(np.clip((tuned - NONE) / (FULL - NONE), 0.0, 1.0))
    message = (
        f"{STEPS} steps from the shipped model: {tuned:.0%} of the credit\n"
        f"{2 * STEPS} steps from new weights: {scratch:.0%}"
    )
    partial_credit(share * tuning.judge.share, message)
