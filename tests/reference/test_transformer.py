"""The transformer without PyTorch: masks, shapes, causality, names and errors."""

import math

import numpy as np
import pytest

BLOCK = {
    **{f"ln{i}.{p}": (16,) for i in (1, 2) for p in ("weight", "bias")},
    **{f"attn.{name}.weight": (16, 16) for name in "qkvo"},
    **{f"attn.{name}.bias": (16,) for name in "qkvo"},
    **{"mlp.fc1.weight": (64, 16), "mlp.fc1.bias": (64,), "mlp.fc2.weight": (16, 64), "mlp.fc2.bias": (16,)},
}
SHAPES = {
    **{"tok_emb.weight": (31, 16), "pos_emb.weight": (10, 16), "head.weight": (31, 16)},
    **{f"blocks.0.{name}": shape for name, shape in BLOCK.items()},
    **{"ln_f.weight": (16,), "ln_f.bias": (16,)},
}


@pytest.fixture
def model(lib, rng):
    """A GPT with random parameters everywhere, also where they start as 0 or 1."""
    gpt = lib.transformer.GPT(rng=rng)
    for p in gpt.parameters():
        p.data[...] = rng.normal(0.0, 0.5, p.shape)
    return gpt


@pytest.fixture
def ids(rng):
    return rng.integers(0, 31, (3, 10))


@pytest.mark.parametrize(
    ("arguments", "rows"),
    [
        ((3,), ["100", "110", "111"]),
        ((2, 3), ["110", "111"]),
        ((1, 4), ["1111"]),
        ((3, 1), ["0", "0", "1"]),
        ((1,), ["1"]),
    ],
)
def test_causal_mask(lib, arguments, rows):
    mask = lib.transformer.causal_mask(*arguments)
    assert mask.dtype == bool
    np.testing.assert_array_equal(mask, [[c == "1" for c in row] for row in rows])


def test_causal_mask_refuses_negative_sizes(lib):
    with pytest.raises(ValueError):
        lib.transformer.causal_mask(-1)


def test_names_shapes_and_number_of_parameters(lib, rng):
    model = lib.transformer.GPT(rng=rng)
    assert {name: p.shape for name, p in model.named_parameters()} == SHAPES
    assert sum(p.data.size for p in model.parameters()) == 4464


@pytest.mark.parametrize(
    ("layers", "width", "expected"), [(2, 20, 11600), (1, 28, 11844), (1, 32, 15072), (2, 28, 21616)]
)
def test_other_sizes(lib, rng, layers, width, expected):
    model = lib.transformer.GPT(width=width, mlp=4 * width, layers=layers, rng=rng)
    assert sum(p.data.size for p in model.parameters()) == expected
    assert model(np.zeros((1, 2), int)).shape == (1, 2, 31)


@pytest.mark.parametrize("seed", range(20))
def test_a_new_model_is_about_as_good_as_guessing(lib, seed_batch, seed):
    model = lib.transformer.GPT(rng=np.random.default_rng(seed))
    assert lib.train.evaluate(model, *seed_batch) == pytest.approx(math.log(31), abs=0.35)


@pytest.mark.parametrize("time", [1, 4, 10])
def test_lengths(model, ids, time):
    assert model(ids[:, :time]).shape == (3, time, 31)


def test_refused_ids(model):
    for shape in [(2, 11), (5,), (1, 2, 3)]:
        with pytest.raises(ValueError):
            model(np.zeros(shape, int))
    for bad in (31, -1):
        with pytest.raises(IndexError):
            model(np.full((1, 3), bad))


def test_refused_heads(lib, rng):
    with pytest.raises(ValueError, match="heads"):
        lib.transformer.CausalSelfAttention(16, 3, rng=rng)


@pytest.mark.parametrize("mask", [np.ones((4, 4), bool), np.zeros((4, 5), bool), np.ones((5, 4), bool)])
def test_attention_refuses_masks(lib, rng, mask):
    q, kv = rng.normal(size=(3, 2, 4, 8)), rng.normal(size=(3, 2, 5, 8))
    tensors = [lib.tensor.Tensor(a) for a in (q, kv, kv)]
    with pytest.raises(ValueError, match="mask"):
        lib.transformer.scaled_dot_product_attention(*tensors, mask)


def test_the_future_does_not_matter_and_the_past_does(model, ids):
    before = model(ids).data
    for changed in range(10):
        other = ids.copy()
        other[:, changed] = (other[:, changed] + 7) % 31
        after = model(other).data
        np.testing.assert_array_equal(after[:, :changed], before[:, :changed])
        assert (np.abs(after[:, changed:] - before[:, changed:]).max(axis=-1) > 1e-9).all()


def test_sequences_do_not_see_each_other(model, ids):
    np.testing.assert_allclose(model(ids).data[1:2], model(ids[1:2]).data, rtol=1e-12, atol=1e-12)


def test_a_block_without_output_weights_is_the_identity(model, lib, rng):
    block, x = model.blocks[0], rng.normal(size=(2, 5, 16))
    for layer in (block.attn.o, block.mlp.fc2):
        layer.weight.data[...] = 0.0
        layer.bias.data[...] = 0.0
    np.testing.assert_array_equal(block(lib.tensor.Tensor(x)).data, x)


def test_every_parameter_gets_a_gradient_and_the_key_bias_a_zero(lib, model, ids):
    lib.functional.cross_entropy(model(ids), ids).backward()
    for name, p in model.named_parameters():
        size = np.abs(p.grad).max()
        assert (size < 1e-12) if name.endswith("attn.k.bias") else (size > 1e-6), name


def test_mask_and_attention_are_looked_up_when_they_are_used(lib, model, ids, monkeypatch):
    """The checks put the course's own part in place of a wrong one."""
    before = model(ids).data
    monkeypatch.setattr(lib.transformer, "causal_mask", lambda t_q, t_k=None: np.ones((t_q, t_k or t_q), bool))
    assert np.abs(model(ids).data - before).max() > 1e-3
    monkeypatch.setattr(lib.transformer, "scaled_dot_product_attention", lambda q, k, v, mask: v)
    attention = model.blocks[0].attn
    x = lib.tensor.Tensor(np.ones((1, 3, 16)))
    np.testing.assert_allclose(attention(x).data, attention.o(attention.v(x)).data)
