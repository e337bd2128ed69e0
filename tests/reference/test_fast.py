"""The step by hand against the step by the tape, in both precisions; and what surrounds it."""

import numpy as np
import pytest

SIZES = {"width": 12, "heads": 3, "mlp": 20, "layers": 2, "max_len": 9}


@pytest.fixture
def model(lib, rng):
    made = lib.transformer.GPT(**SIZES, rng=rng)
    for p in made.parameters():
        p.data += 0.4 * rng.standard_normal(p.shape)
    return made


@pytest.fixture
def batch(rng):
    tokens = rng.integers(0, 31, (4, 8))
    return tokens[:, :-1], tokens[:, 1:]


def test_gradients_are_those_of_the_tape(lib, model, batch):
    x, y = batch
    loss, gradients = lib.fast.loss_and_gradients(model, x, y)
    by_tape = lib.functional.cross_entropy(model(x), y)
    model.zero_grad()
    by_tape.backward()
    assert loss == pytest.approx(by_tape.item(), rel=1e-12)
    assert gradients.keys() == {name for name, _ in model.named_parameters()}
    for name, p in model.named_parameters():
        assert np.abs(gradients[name] - p.grad).max() < 1e-13, name


def test_float32_stays_float32_and_learns_the_same(lib, model, batch):
    optimizer = lib.optim.AdamW(model.parameters(), lr=1e-2)
    expected = [lib.train.train_step(model, optimizer, *batch) for _ in range(5)]
    single = lib.transformer.GPT(**SIZES, rng=np.random.default_rng(0))
    for p, q in zip(single.parameters(), model.parameters(), strict=True):
        p.data[...] = q.data
    lib.fast.to_float32(single)
    _, gradients = lib.fast.loss_and_gradients(single, *batch)
    assert {g.dtype for g in gradients.values()} == {np.dtype(np.float32)}
    optimizer = lib.optim.AdamW(single.parameters(), lr=1e-2)
    losses = [lib.fast.train_step(single, optimizer, *batch) for _ in range(5)]
    assert {p.data.dtype for p in single.parameters()} == {np.dtype(np.float32)}
    assert losses[0] < expected[-1] + 0.5  # it goes on from there
    assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize("shape", [(6, 5), (2, 3, 7)])
def test_loss_and_its_gradient_by_differences(lib, rng, shape):
    logits, targets = rng.standard_normal(shape), rng.integers(0, shape[-1], shape[:-1])
    loss, gradient = lib.fast.fused_cross_entropy(logits, targets)
    assert loss == pytest.approx(lib.functional.cross_entropy(logits, targets).item(), rel=1e-12)
    direction = rng.standard_normal(shape)
    ends = [lib.fast.fused_cross_entropy(logits + h * direction, targets)[0] for h in (1e-5, -1e-5)]
    assert (gradient * direction).sum() == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-7)


def test_large_logits_have_a_finite_loss(lib):
    loss, gradient = lib.fast.fused_cross_entropy(np.array([[1e4, 0.0], [0.0, 1e4]]), np.array([0, 0]))
    assert loss == pytest.approx(5e3)
    assert np.isfinite(gradient).all()


def test_one_product_gives_what_three_give(lib, model, rng):
    attention, x = model.blocks[0].attn, rng.standard_normal((2, 5, 12))
    three = [layer(lib.tensor.Tensor(x)).data for layer in (attention.q, attention.k, attention.v)]
    assert np.abs(lib.fast.fused_qkv(x, attention) - np.concatenate(three, axis=-1)).max() < 1e-13


@pytest.mark.parametrize("fails", [False, True])
def test_inference_mode_leaves_everything_as_it_was(lib, model, batch, fails):
    model.ln_f.bias.requires_grad = False
    before = [p.requires_grad for p in model.parameters()]
    try:
        with lib.fast.inference_mode(model):
            assert model(batch[0])._parents == ()
            if fails:
                raise KeyError
    except KeyError:
        assert fails
    assert [p.requires_grad for p in model.parameters()] == before


def test_profile_goes_round_and_leaves_the_first_calls_out(lib):
    now, order = [0.0], []

    def work(name, cost):
        def call():
            now[0] += cost * (100 if name not in order else 1)
            order.append(name)

        return call

    found = lib.fast.profile({"a": work("a", 1.0), "b": work("b", 3.0)}, lambda: now[0], repeats=3)
    assert order == ["a", "b"] * 4
    assert found == [("b", 3.0), ("a", 1.0)]
