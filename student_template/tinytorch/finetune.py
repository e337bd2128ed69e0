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
    raise NotImplementedError("A4.3: decide for every parameter")


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
    raise NotImplementedError("A4.4: measure, train on new and old together, measure")
