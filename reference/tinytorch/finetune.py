"""Fine-tuning: go on with a trained model, on other strings, and keep an eye on what it knew before."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from .data import CharTokenizer, make_batch
from .nn import Module
from .optim import AdamW, lr_at
from .train import evaluate, train_step

#: All characters of the models of this course: their ids are those of the tokenizer of these.
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRST"


def freeze(model: Module, patterns: Sequence[str]) -> None:
    """From now on the parameters whose name matches a pattern are frozen, and all others are not.

    A pattern is a name, or one with wildcards as for files (`fnmatch.fnmatchcase`): "tok_emb.weight", "blocks.0.*",
    "*.bias". What is frozen gets no gradient and has none left over, so that an optimiser leaves it alone: no step, no
    momentum, no decay. Raises ValueError for a pattern that matches no name; then nothing has changed.

    Example: freeze(model, []) sets everything free again.
    """
    # BEGIN SOLUTION A4.3: decide for every parameter
    named = model.named_parameters()
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name, _ in named):
            raise ValueError(f"no parameter has a name like {pattern!r}")
    for name, parameter in named:
        parameter.requires_grad = not any(fnmatchcase(name, pattern) for pattern in patterns)
        parameter.grad = None
    # END SOLUTION


def finetune(
    model: Module,
    new_strings: Sequence[str],
    *,
    steps: int,
    lr: float,
    freeze: Sequence[str] = (),
    replay: Sequence[str] | None = None,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Train a trained model in place on new strings, and tell what became of the new and of the old.

    Makes `steps` steps of AdamW whose learning rate is never above `lr`. Steps see new strings and, with `replay`
    (strings of the kind that the model was trained on), also some of these, so that they are not forgotten. Parameters
    that match the patterns `freeze` are frozen, as by the function of this name. `rng` is for whatever is drawn.

    Returns a dict: "losses", the loss of each step; "new_before" and "new_after", the loss on all new strings (that of
    train.evaluate) before and after training; "old_before" and "old_after", the same on all of `replay`, or None
    without it. Raises ValueError when there are no new strings.
    """
    # BEGIN SOLUTION A4.4: measure, train on new and old together, measure
    if not new_strings:
        raise ValueError("there is nothing to fine-tune on: new_strings is empty")
    tokenizer = CharTokenizer.from_strings([ALPHABET])
    new = make_batch(new_strings, tokenizer)
    old = make_batch(replay, tokenizer) if replay else None
    _freeze(model, freeze)
    before = [_loss(model, new), _loss(model, old)]
    optimizer = AdamW(model.parameters(), lr=lr, betas=(0.9, 0.99))
    losses = []
    model.train()
    for step in range(1, steps + 1):
        optimizer.lr = lr_at(step, peak=lr, warmup=min(WARMUP, steps), total=steps + 1)
        losses.append(train_step(model, optimizer, *_mixed(new, old, rng)))
    after = [_loss(model, new), _loss(model, old)]
    return {
        "losses": losses,
        "new_before": before[0],
        "new_after": after[0],
        "old_before": before[1],
        "old_after": after[1],
    }
    # END SOLUTION


# BEGIN SOLUTION A4.4: the pieces of it
WARMUP = 5
#: Old strings for each new one in a batch.
REPLAYED = 2
#: In finetune this name means the patterns.
_freeze = freeze

Batch = tuple[np.ndarray, np.ndarray]


def _mixed(new: Batch, old: Batch | None, rng: np.random.Generator) -> Batch:
    """All new strings, and some old ones that are drawn for this step."""
    if old is None:
        return new
    rows = rng.choice(len(old[0]), size=min(len(old[0]), REPLAYED * len(new[0])), replace=False)
    return np.concatenate([new[0], old[0][rows]]), np.concatenate([new[1], old[1][rows]])


def _loss(model: Module, batch: Batch | None) -> float | None:
    return None if batch is None else evaluate(model, *batch)


# END SOLUTION
