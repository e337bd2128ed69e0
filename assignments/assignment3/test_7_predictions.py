"""Group 7: what the model says about the fifteen cases."""

import pytest

PARTS = ("test_causal_mask", "test_attention", "test_self_attention", "test_block", "test_logits")
CEILING, SEED_RUN = 12, 10


@pytest.mark.points(5)
@pytest.mark.title("log-probabilities on written weights")
@pytest.mark.task("A3.6")
@pytest.mark.where("train.predict_next")
@pytest.mark.given(*PARTS)
@pytest.mark.hint("Which row of the logits speaks about the next token, and what must its exponentials sum to?")
def test_log_probabilities(parity, gpt, prompts):
    def predict(lib):
        model = gpt.build(lib)
        return [lib.train.predict_next(model, prompt) for prompt in prompts]

    inputs = {"prompts": prompts, "weights": gpt.weights}
    parity(predict, "predict_next(model, prompt) of case", about="train.predict_next", inputs=inputs)


@pytest.mark.points(10)
@pytest.mark.title("fifteen cases after training")
@pytest.mark.task("A3.7")
@pytest.mark.where("train.train")
@pytest.mark.needs(*PARTS, "test_training")
@pytest.mark.slow
@pytest.mark.hint("Which kind of string is not learned yet? Look at the table below.")
def test_predictions(training_run, partial_credit):
    training_run.require_possible()
    best = training_run.best
    exact = f"{best.exact}/15 exact (ceiling for a causal model: {CEILING}; the seed's run: {SEED_RUN})"
    own = "" if training_run.judge.share == 1.0 else "; judged by your own forward, at half credit"
    credit = training_run.credit(best.prediction_credit)
    partial_credit(credit, f"{best.learned}/15 learned{own}\n{exact}", training_run.misses)
