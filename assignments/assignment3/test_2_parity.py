"""Group 2: each piece gives the reference's values, at weights as after long training."""

import numpy as np
import pytest

MASK, ATTENTION = "test_causal_mask", "test_attention"
SELF_ATTENTION, BLOCK, LOGITS = "test_self_attention", "test_block", "test_logits"

ATTENTION_PARAMETERS = [f"{name}.{kind}" for name in "qkvo" for kind in ("weight", "bias")]
BLOCK_PARAMETERS = [
    *(f"{norm}.{kind}" for norm in ("ln1", "ln2") for kind in ("weight", "bias")),
    *(f"attn.{name}" for name in ATTENTION_PARAMETERS),
    *(f"mlp.{layer}.{kind}" for layer in ("fc1", "fc2") for kind in ("weight", "bias")),
]


GPT_PARAMETERS = [
    "tok_emb.weight",
    "pos_emb.weight",
    *(f"blocks.0.{name}" for name in BLOCK_PARAMETERS),
    *("ln_f.weight", "ln_f.bias", "head.weight"),
]


def build_self_attention(lib):
    return lib.transformer.CausalSelfAttention(16, 2, rng=lib.generator(0))


def build_block(lib):
    return lib.transformer.Block(16, 2, 64, rng=lib.generator(0))


def build_gpt(lib):
    return lib.transformer.GPT(rng=lib.generator(0))


def causal(t_q, t_k):
    """What may be attended to, made here so that attention is judged without the student's mask."""
    return np.arange(t_k)[None, :] <= np.arange(t_q)[:, None] + (t_k - t_q)


def applied(lib, build, weights, x):
    """Output of a module with these weights on a tensor made from x."""
    module = build(lib)
    lib.write(module, weights)
    return module(lib.tensor.Tensor(x))


@pytest.mark.points(5)
@pytest.mark.title("causal_mask")
@pytest.mark.task("A3.1")
@pytest.mark.part("transformer.causal_mask")
@pytest.mark.hint("Print your 4x4 mask. Which positions may row 0 see, which may row 3?")
@pytest.mark.parametrize("sizes", [(4,), (2, 5), (10,), (1,)], ids=["4", "2 of 5", "10", "1"])
def test_causal_mask(parity, sizes):
    parity(
        lambda lib: lib.transformer.causal_mask(*sizes),
        f"causal_mask({', '.join(map(str, sizes))})",
        about="transformer.causal_mask",
        inputs=dict(zip(("t_q", "t_k"), sizes, strict=False)),
    )


@pytest.mark.points(5)
@pytest.mark.title("attention, with the mask given")
@pytest.mark.task("A3.2")
@pytest.mark.part("transformer.scaled_dot_product_attention")
@pytest.mark.hint("For one query by hand: which scores do you form, what turns them into weights, and over which axis?")
@pytest.mark.parametrize("t_q", [4, 1, 2], ids=["square", "one query", "two of four"])
def test_attention(parity, rng, t_q):
    # Batch 3, heads 2, time 4, head size 8: no two sizes are equal.
    q, k, v = (2.0 * rng.standard_normal((3, 2, t, 8)) for t in (t_q, 4, 4))

    def attention(lib):
        tensors = [lib.tensor.Tensor(a) for a in (q, k, v)]
        return lib.transformer.scaled_dot_product_attention(*tensors, causal(t_q, 4))

    parity(
        attention,
        "scaled_dot_product_attention(q, k, v, mask)",
        about="transformer.scaled_dot_product_attention",
        inputs={"q": q, "k": k, "v": v, "mask": causal(t_q, 4)},
    )


@pytest.mark.points(4)
@pytest.mark.title("CausalSelfAttention")
@pytest.mark.task("A3.3")
@pytest.mark.part(
    "transformer.CausalSelfAttention", parameters=ATTENTION_PARAMETERS, build=build_self_attention
)
@pytest.mark.given(MASK, ATTENTION)
@pytest.mark.hint("Put 0, 1, 2, ... in x and print what head 0 receives. Whose numbers are these?")
def test_self_attention(parity, gpt, rng):
    x = rng.standard_normal((3, 5, 16))
    weights = gpt.part("blocks.0.attn")
    parity(
        lambda lib: applied(lib, build_self_attention, weights, x),
        "CausalSelfAttention(x)",
        about="transformer.CausalSelfAttention",
        inputs={"x": x, "weights": weights, "heads": 2},
    )


@pytest.mark.points(4)
@pytest.mark.title("Block")
@pytest.mark.task("A3.4")
@pytest.mark.part("transformer.Block", parameters=BLOCK_PARAMETERS, build=build_block)
@pytest.mark.given(MASK, ATTENTION, SELF_ATTENTION)
@pytest.mark.hint("Follow x through the block: where is it normalised, and what exactly is added to it?")
def test_block(parity, gpt, rng):
    x = rng.standard_normal((3, 5, 16))
    weights = gpt.part("blocks.0")
    parity(
        lambda lib: applied(lib, build_block, weights, x),
        "Block(x)",
        about="transformer.Block",
        inputs={"x": x, "weights": weights, "heads": 2},
    )


@pytest.mark.points(4)
@pytest.mark.title("logits of the whole model")
@pytest.mark.task("A3.5")
@pytest.mark.part("transformer.GPT", parameters=GPT_PARAMETERS, build=build_gpt)
@pytest.mark.given(MASK, ATTENTION, SELF_ATTENTION, BLOCK)
@pytest.mark.hint("What are the first two things that are added, and what stands between the last block and the head?")
@pytest.mark.parametrize("t", [4, 10, 1])
def test_logits(parity, gpt, rng, t):
    ids = rng.integers(0, 31, (3, t))
    parity(
        lambda lib: gpt.build(lib)(ids),
        f"GPT(ids) for T = {t}",
        about="transformer.GPT",
        inputs={"ids": ids, "weights": gpt.weights, "heads": 2},
    )


@pytest.mark.points(1)
@pytest.mark.title("more than ten tokens are refused")
@pytest.mark.task("A3.5")
@pytest.mark.where("transformer.GPT")
@pytest.mark.given(MASK, ATTENTION, SELF_ATTENTION, BLOCK)
@pytest.mark.hint("How many rows has your table of positions?")
def test_too_long(student, gpt, rng):
    model = gpt.build(student)
    ids = rng.integers(0, 31, (1, 11))
    student.raises(ValueError, lambda: model(ids), valid=lambda: model(ids[:, :10]))


@pytest.mark.points(2)
@pytest.mark.title("evaluate: every target counts, the end mark too")
@pytest.mark.task("A3.6")
@pytest.mark.where("train.evaluate")
@pytest.mark.given(MASK, ATTENTION, SELF_ATTENTION, BLOCK, LOGITS)
@pytest.mark.hint("Over how many of the targets do you take the mean?")
def test_loss(parity, gpt, batch):
    x, y = batch
    parity(
        lambda lib: lib.train.evaluate(gpt.build(lib), x, y),
        "evaluate(model, x, y)",
        about="train.evaluate",
        inputs={"x": x, "y": y, "weights": gpt.weights},
    )
