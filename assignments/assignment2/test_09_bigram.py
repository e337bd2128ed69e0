"""Group 9: all together. A table of logits, trained by the grader's loop, becomes the best bigram model there is.

The strings are drawn anew in each run and the weights are sent by the grader; what comes back are weights, and their
loss is computed here.
"""

import numpy as np
import pytest

from tinygrade import StudentFailure
from tinygrade.checks.loops import fit

SYMBOLS, STRINGS, LENGTH, STEPS = 8, 24, 7, 150
MARGIN = 0.02


def bigram_strings(rng):
    """Ids (STRINGS, LENGTH): each id names three that may follow it, with unequal chances. Gives x and y."""
    followers = np.stack([rng.choice(SYMBOLS, 3, replace=False) for _ in range(SYMBOLS)])
    ids = rng.integers(0, SYMBOLS, (STRINGS, LENGTH))
    for t in range(1, LENGTH):
        chosen = rng.choice(3, STRINGS, p=(0.6, 0.3, 0.1))
        ids[:, t] = followers[ids[:, t - 1], chosen]
    return ids[:, :-1], ids[:, 1:]


def entropy(x, y):
    """The mean of -log p(next | this) with the shares that the pairs have: no bigram model has a lower loss."""
    pairs = np.zeros((SYMBOLS, SYMBOLS))
    np.add.at(pairs, (x.ravel(), y.ravel()), 1)
    shares = pairs / pairs.sum(axis=1, keepdims=True).clip(1)
    return -float((pairs[pairs > 0] * np.log(shares[pairs > 0])).sum() / pairs.sum())


def loss_of(table, x, y):
    logits = table[x]
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -float(np.take_along_axis(log_probs, y[..., None], axis=-1).mean())


@pytest.mark.points(5)
@pytest.mark.title("a bigram model learns what can be learned")
@pytest.mark.task("A2.4")
@pytest.mark.where("optim.AdamW")
@pytest.mark.given("test_take_rows", "test_take_rows_gradient", "test_cross_entropy", "test_cross_entropy_gradient")
@pytest.mark.needs("test_layers", "test_adamw", "test_zero_grad")
@pytest.mark.hint("Print the loss of each step. Does it fall at all, does it come back up, or does it stop too early?")
def test_bigram(student, rng, note):
    x, y = bigram_strings(rng)
    start, floor = 0.1 * rng.standard_normal((SYMBOLS, SYMBOLS)), entropy(x, y)
    model = student.nn.Embedding(SYMBOLS, SYMBOLS, rng=student.generator(0))
    student.write(model, {"weight": start})
    optimizer = student.optim.AdamW(model.parameters(), lr=0.1)
    fit(student, model, student.functional.cross_entropy, optimizer, x, y, STEPS)
    table = student.fetch(model.weight, shape=start.shape, dtype="f", finite=True, name="the trained table")
    loss, told = loss_of(table, x, y), f"loss {loss_of(start, x, y):.3f} -> "
    if not loss <= floor + MARGIN:
        raise StudentFailure(f"{told}{loss:.4f} after {STEPS} steps; the entropy of these pairs is {floor:.4f}")
    note(f"{told}{loss:.3f} (entropy {floor:.3f})")
