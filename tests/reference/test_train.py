"""Training under a budget, and the questions one asks a trained model."""

import numpy as np
import pytest

ENTROPY_FLOOR = 0.056881
FRESH_STRINGS = ["DDDD", "FGHI", "4567", "JK", "LMNO", "OP"]
FRESH_FLOOR = 10.750557 / 243


def forever(step, loss):
    return 0.0


@pytest.fixture
def model(lib, rng):
    return lib.transformer.GPT(rng=rng)


def test_training_reaches_the_entropy_floor_and_is_calibrated(lib, model, rng, seed_batch):
    x, y = seed_batch
    losses = lib.train.train(model, x, y, rng=rng, on_step=forever)
    final = lib.train.evaluate(model, x, y)
    assert ENTROPY_FLOOR - 1e-4 < final < ENTROPY_FLOOR + 0.002
    assert len(losses) <= 3000
    reached = next(step for step, loss in enumerate(losses, start=1) if loss < ENTROPY_FLOOR + 0.02)
    assert reached <= 200
    for prompt in ("A", "AB", "C", "1", "12"):
        assert_calibrated(lib, model, prompt)


def assert_calibrated(lib, model, prompt):
    """The model's next-token probabilities are the data's."""
    strings = ["AAAA", "ABCD", "AB", "CCCC", "CD", "1111", "1234", "12"]
    following = [(s + "\0")[len(prompt)] for s in strings if s.startswith(prompt)]
    alphabet = "\0" + "0123456789ABCDEFGHIJKLMNOPQRST"
    probabilities = np.exp(lib.train.predict_next(model, [alphabet.index(c) for c in prompt]))
    for character in set(following):
        assert probabilities[alphabet.index(character)] == pytest.approx(
            following.count(character) / len(following), abs=0.1
        )


def test_training_on_six_fresh_strings_too(lib, model, rng, seed_strings):
    tok = lib.data.CharTokenizer.from_strings(seed_strings)
    x, y = lib.data.make_batch(seed_strings + FRESH_STRINGS, tok)
    lib.train.train(model, x, y, rng=rng, on_step=forever)
    assert FRESH_FLOOR - 1e-4 < lib.train.evaluate(model, x, y) < FRESH_FLOOR + 0.02


@pytest.mark.parametrize("limit", [1, 3])
def test_training_stops_when_the_budget_is_used(lib, model, rng, seed_batch, limit):
    seen = []

    def on_step(step, loss):
        seen.append((step, loss))
        return step / limit

    losses = lib.train.train(model, *seed_batch, rng=rng, on_step=on_step)
    assert seen == list(enumerate(losses, start=1))
    assert len(losses) == limit


def test_a_step_returns_the_loss_before_it_and_learns(lib, model, seed_batch):
    optimizer = lib.optim.SGD(model.parameters(), lr=0.1)
    before = lib.train.evaluate(model, *seed_batch)
    first = lib.train.train_step(model, optimizer, *seed_batch)
    second = lib.train.train_step(model, optimizer, *seed_batch)
    assert first == pytest.approx(before, rel=1e-14)
    assert second < first
    assert type(first) is float


def test_old_gradients_do_not_count(lib, model, seed_batch):
    optimizer = lib.optim.SGD(model.parameters(), lr=0.1)
    copy = lib.transformer.GPT(rng=np.random.default_rng(0))
    for p, q in zip(model.parameters(), copy.parameters(), strict=True):
        q.data[...] = p.data
        p.grad = np.full(p.shape, 100.0)
    lib.train.train_step(model, optimizer, *seed_batch)
    lib.train.train_step(copy, lib.optim.SGD(copy.parameters(), lr=0.1), *seed_batch)
    for p, q in zip(model.parameters(), copy.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, q.data)


def test_training_is_repeatable(lib, seed_batch):
    runs = []
    for _ in range(2):
        rng = np.random.default_rng(5)
        model = lib.transformer.GPT(rng=rng)
        runs.append(lib.train.train(model, *seed_batch, rng=rng, on_step=lambda step, loss: step / 10))
    assert runs[0] == runs[1]


@pytest.mark.parametrize("training", [True, False])
def test_evaluate_and_predict_change_nothing(lib, model, seed_batch, training):
    model.train(training)
    before = [p.data.copy() for p in model.parameters()]
    lib.train.evaluate(model, *seed_batch)
    lib.train.predict_next(model, [11, 12])
    for p, old in zip(model.parameters(), before, strict=True):
        assert p.grad is None
        np.testing.assert_array_equal(p.data, old)
    assert model.training is model.blocks[0].training is training


def test_predict_next(lib, model):
    log_p = lib.train.predict_next(model, [11, 12, 13])
    assert log_p.shape == (31,)
    assert np.exp(log_p).sum() == pytest.approx(1.0)
    logits = model(np.array([[11, 12, 13]])).data[0, -1]
    np.testing.assert_allclose(log_p - log_p[0], logits - logits[0], atol=1e-12)


@pytest.mark.parametrize("prompt", [[], [[1, 2]], [1] * 11])
def test_predict_next_refuses(lib, model, prompt):
    with pytest.raises(ValueError):
        lib.train.predict_next(model, prompt)


def test_a_model_in_single_precision_stays_there(lib, seed_batch):
    """Nothing on the way makes it twice as slow by stray double numbers."""
    model = lib.transformer.GPT(rng=np.random.default_rng(0))
    for parameter in model.parameters():
        parameter.data = parameter.data.astype(np.float32)
    optimizer = lib.optim.AdamW(model.parameters(), lr=1e-3)
    lib.train.train_step(model, optimizer, *seed_batch)
    assert model(seed_batch[0]).data.dtype == np.float32
    for name, parameter in model.named_parameters():
        assert parameter.data.dtype == parameter.grad.dtype == np.float32, name
    assert optimizer.m.dtype == optimizer.v.dtype == np.float32
