"""Group 5: five steps with each optimiser follow the reference's losses. Adam alone would hide constant factors."""

import pytest

PARTS = ("test_causal_mask", "test_attention", "test_self_attention", "test_block", "test_logits")


def follow(parity, gpt, batches, name, **settings):
    """Compare the loss of each step with this optimiser."""

    def losses(lib):
        model = gpt.build(lib)
        optimizer = getattr(lib.optim, name)(model.parameters(), **settings)
        return [lib.train.train_step(model, optimizer, x, y) for x, y in batches]

    inputs = {"weights": gpt.weights, "batches": batches, "optimizer": name, "settings": settings}
    parity(losses, "loss of step", rtol=1e-7, atol=1e-9, about="train.train_step", inputs=inputs)


@pytest.fixture
def batches(rng):
    """Five batches of random tokens, so that no two steps see the same gradient."""
    drawn = [rng.integers(0, 31, (4, 8)) for _ in range(5)]
    return [(tokens[:, :-1], tokens[:, 1:]) for tokens in drawn]


@pytest.mark.points(5)
@pytest.mark.title("five steps of SGD")
@pytest.mark.task("A3.6")
@pytest.mark.where("train.train_step")
@pytest.mark.given(*PARTS)
@pytest.mark.hint("Compare the loss of step 1, then of step 2. What happened in between, and in which order?")
def test_sgd(parity, gpt, batches):
    follow(parity, gpt, batches, "SGD", lr=0.05)


@pytest.mark.points(5)
@pytest.mark.title("five steps of AdamW")
@pytest.mark.task("A3.6")
@pytest.mark.where("train.train_step")
@pytest.mark.given(*PARTS)
@pytest.mark.hint("Compare the loss of step 1, then of step 2. What does the optimiser remember in between?")
def test_adamw(parity, gpt, batches):
    follow(parity, gpt, batches, "AdamW", lr=1e-3, eps=1e-3, weight_decay=0.1)
