"""Group 4: what every causal transformer does, whatever its weights."""

import numpy as np
import pytest

from tinygrade import Diagnosis, StudentFailure

MASK = "test_causal_mask"
PIECES = ("test_attention", "test_self_attention", "test_block", "test_logits")
PARTS = (MASK, "test_attention", "test_self_attention", "test_block")
#: Rounding when sums run in another order; far below any leak.
CLOSE = 1e-10


def logits_of(student, model, ids):
    return student.fetch(model(ids), shape=(*ids.shape, 31), dtype="f", finite=True, name="the logits")


def other_than(rng, ids):
    """Token ids that differ from `ids` everywhere."""
    return (ids + rng.integers(1, 31, ids.shape)) % 31


def moved(before, after):
    """Per position (T,): does the output differ for any sequence?"""
    return np.abs(before - after).max(axis=(0, 2)) > CLOSE


@pytest.mark.points(5)
@pytest.mark.title("the future does not change the past")
@pytest.mark.task("A3.1")
@pytest.mark.where("transformer.causal_mask")
@pytest.mark.needs(MASK, *PIECES)
@pytest.mark.hint("Print your 4x4 mask. What may row 0 see?")
def test_future(student, gpt, rng):
    model = gpt.build(student)
    ids = rng.integers(1, 31, (2, 8))
    before = logits_of(student, model, ids)
    for t in range(1, 8):
        changed = ids.copy()
        changed[:, t] = other_than(rng, ids[:, t])
        after = moved(before, logits_of(student, model, changed))
        if not after[t]:
            deaf = Diagnosis("deaf-to-the-past", {"token": t, "output": t})
            raise StudentFailure(f"output {t} did not change when token {t} changed", diagnosis=deaf)
        leaks = np.flatnonzero(after[:t])
        if leaks.size:
            seen = Diagnosis("sees-the-future", {"token": t, "outputs": leaks.tolist(), "ahead": t - int(leaks[0])})
            raise StudentFailure(f"output {leaks[-1]} changed when only token {t} changed", diagnosis=seen)


@pytest.mark.points(3)
@pytest.mark.title("the past reaches every later position")
@pytest.mark.task("A3.2")
@pytest.mark.where("transformer.CausalSelfAttention")
@pytest.mark.given(MASK)
@pytest.mark.needs(*PIECES)
@pytest.mark.hint("Through which operation does one position read another?")
def test_past(student, gpt, rng):
    model = gpt.build(student)
    ids = rng.integers(1, 31, (2, 8))
    before = logits_of(student, model, ids)
    for t in range(7):
        changed = ids.copy()
        changed[:, t] = other_than(rng, ids[:, t])
        unmoved = np.flatnonzero(~moved(before, logits_of(student, model, changed))[t:]) + t
        if unmoved.size:
            deaf = Diagnosis("deaf-to-the-past", {"token": t, "output": int(unmoved[0])})
            raise StudentFailure(f"output {unmoved[0]} did not change when token {t} changed", diagnosis=deaf)


@pytest.mark.points(2)
@pytest.mark.title("sequences of a batch do not see each other")
@pytest.mark.task("A3.3")
@pytest.mark.where("transformer.CausalSelfAttention")
@pytest.mark.given(*PARTS)
@pytest.mark.hint("Along which axes do you sum, normalise or reshape? Is the batch one of them?")
def test_batch_independence(student, gpt, rng):
    model = gpt.build(student)
    ids = rng.integers(1, 31, (3, 6))
    together = logits_of(student, model, ids)
    for i in range(3):
        alone = logits_of(student, model, ids[i : i + 1])
        if np.abs(together[i] - alone[0]).max() > CLOSE:
            leak = Diagnosis("batch-leak", {"sequence": i})
            raise StudentFailure(f"sequence {i} gives other logits alone than in a batch of 3", diagnosis=leak)


@pytest.mark.points(2)
@pytest.mark.title("the order of the past matters")
@pytest.mark.task("A3.5")
@pytest.mark.where("transformer.GPT")
@pytest.mark.given(*PARTS)
@pytest.mark.needs("test_logits")
@pytest.mark.hint("Swap tokens 1 and 2 of a prompt. What tells your model that they moved?")
def test_positions(student, gpt, rng):
    model = gpt.build(student)
    ids = np.stack([rng.permutation(30)[:6] + 1 for _ in range(3)])
    swapped = ids.copy()
    swapped[:, [1, 2]] = ids[:, [2, 1]]
    difference = logits_of(student, model, ids)[:, -1] - logits_of(student, model, swapped)[:, -1]
    if np.abs(difference).max() <= CLOSE:
        raise StudentFailure(
            "swapping tokens 1 and 2 does not change the last output: positions are ignored",
            diagnosis=Diagnosis("position-omitted", {"swapped": [1, 2]}),
        )


@pytest.mark.points(2)
@pytest.mark.title("a silenced block is the identity")
@pytest.mark.task("A3.4")
@pytest.mark.where("transformer.Block")
@pytest.mark.given(MASK, "test_attention", "test_self_attention")
@pytest.mark.needs("test_block")
@pytest.mark.hint("Which tensor continues on the skip path?")
def test_block_identity(student, gpt, rng):
    block = student.transformer.Block(16, 2, 64, rng=student.generator(0))
    weights = gpt.part("blocks.0")
    silent = ("attn.o.weight", "attn.o.bias", "mlp.fc2.weight", "mlp.fc2.bias")
    student.write(block, {**weights, **{name: np.zeros_like(weights[name]) for name in silent}})
    x = rng.standard_normal((2, 5, 16))
    y = student.fetch(block(student.tensor.Tensor(x)), shape=x.shape, dtype="f", finite=True, name="Block(x)")
    student.write(block, weights)
    loud = student.fetch(block(student.tensor.Tensor(x)), shape=x.shape, dtype="f", finite=True, name="Block(x)")
    if np.abs(loud - x).max() <= CLOSE:
        nothing = Diagnosis("block-without-effect", {})
        raise StudentFailure("Block(x) is x, whatever its weights", diagnosis=nothing)
    if np.abs(y - x).max() > CLOSE:
        silenced = Diagnosis("silenced-block", {"largest_difference": float(np.abs(y - x).max())})
        raise StudentFailure("with output and second MLP layer at zero, Block(x) is not x", diagnosis=silenced)


@pytest.mark.points(1)
@pytest.mark.title("padding after the end changes nothing before it")
@pytest.mark.task("A3.1")
@pytest.mark.where("transformer.causal_mask")
@pytest.mark.needs(MASK, *PIECES)
@pytest.mark.hint("May a position read what comes after it, even if that is only padding?")
def test_padding(student, gpt, rng):
    model = gpt.build(student)
    ids = rng.integers(1, 31, (2, 4))
    padded = np.concatenate([ids, np.zeros((2, 5), dtype=ids.dtype)], axis=1)
    difference = logits_of(student, model, padded)[:, :4] - logits_of(student, model, ids)
    if np.abs(difference).max() > CLOSE:
        leak = Diagnosis("padding-changes-the-past", {"padded_with": 5})
        raise StudentFailure("logits change when the string is padded with 0 after its end", diagnosis=leak)
