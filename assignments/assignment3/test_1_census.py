"""Group 1: the model has the parameters of the handout's table, and starts about as wrong as guessing."""

from math import log, prod

import numpy as np
import pytest

from tinygrade import Diagnosis, StudentFailure

#: Most targets are padding, so one random head may bet for or against it: single models of an ordinary
#: initialisation have losses from 3.0 to 4.2, their mean is close to ln 31.
MODELS = 9


@pytest.mark.points(3)
@pytest.mark.title("names, shapes and number of parameters")
@pytest.mark.task("A3.5")
@pytest.mark.where("transformer.GPT")
@pytest.mark.hint("Which line of the handout's table does your model have too much or too little of?")
def test_parameters(student, gpt, note):
    # As the constructor leaves it: writing weights would fail first where one is missing.
    found = student.census(student.transformer.GPT(rng=student.generator(0)))
    count = sum(prod(shape) for shape in found.values())
    expected = sum(prod(shape) for shape in gpt.shapes.values())
    if count != expected:
        extra = sorted(set(found) - set(gpt.shapes))
        named = f" (not in the table: {', '.join(extra[:3])})" if extra else ""
        raise StudentFailure(
            f"{count:,} parameters, expected {expected:,}: {_difference(count - expected)}{named}",
            diagnosis=_recognised(found, gpt.shapes),
        )
    _require_own_blocks(student, gpt.shapes)
    note(f"{count:,} parameters")


@pytest.mark.points(2)
@pytest.mark.title("a fresh model is about as wrong as guessing")
@pytest.mark.task("A3.5")
@pytest.mark.where("transformer.GPT")
@pytest.mark.hint("How large are the numbers that your layers start from?")
@pytest.mark.given("test_causal_mask", "test_attention", "test_self_attention", "test_block")
def test_initial_loss(student, batch, rng):
    x, y = batch
    losses = [_fresh_loss(student, x, y, int(seed)) for seed in rng.integers(1 << 62, size=MODELS)]
    loss = sum(losses) / MODELS
    if not abs(loss - log(31)) <= 0.7:
        raise StudentFailure(
            f"the loss of a fresh model is {loss:.2f}; guessing has ln 31 = {log(31):.2f}",
            diagnosis=Diagnosis("fresh-model-too-sure", {"loss": loss}) if loss > log(31) else None,
        )


def _fresh_loss(student, x, y, seed):
    """Mean cross-entropy of a model as its constructor leaves it."""
    model = student.transformer.GPT(rng=student.generator(seed))
    logits = student.fetch(model(x), shape=(*x.shape, 31), dtype="f", finite=True, name="the logits of a fresh model")
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -float(np.take_along_axis(log_probs, y[..., None], axis=-1).mean())


def _require_own_blocks(student, table):
    """With two layers there are two blocks, each with parameters of its own."""
    one, two = (_size(student, student.transformer.GPT(layers=n, rng=student.generator(0))) for n in (1, 2))
    # By number, not by name: only the names of the model with one layer are in the table.
    block = sum(prod(shape) for name, shape in table.items() if name.startswith("blocks.0."))
    if two - one != block:
        raise StudentFailure(
            f"with layers=2 there are {two - one:,} parameters more than with layers=1, not {block:,}",
            diagnosis=Diagnosis("blocks-shared", {"more": two - one, "expected": block}) if two == one else None,
        )


def _size(student, model):
    return sum(prod(shape) for shape in student.census(model).values())


def _recognised(found, table):
    """What the names say that are missing or too many."""
    missing, extra = sorted(set(table) - set(found)), sorted(set(found) - set(table))
    evidence = {"missing": missing[:8], "extra": extra[:8]}
    if extra == ["head.bias"] and not missing:
        return Diagnosis("head-bias", evidence)
    # One table under two names is found under either of them.
    if missing in (["head.weight"], ["tok_emb.weight"]) and not extra:
        return Diagnosis("head-tied", evidence)
    if missing and not extra:
        return Diagnosis("parameters-missing", evidence)
    return Diagnosis("parameter-count", evidence)


def _difference(count):
    return f"{count:,} too many" if count > 0 else f"{-count:,} too few"
