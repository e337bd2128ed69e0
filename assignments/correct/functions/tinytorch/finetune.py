from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from .data import CharTokenizer, make_batch
from .functional import cross_entropy
from .nn import Module
from .optim import AdamW

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRST"


def freeze(model: Module, patterns: list[str]) -> None:
    matched: set[str] = set()
    frozen = []
    for name, parameter in model.named_parameters():
        fitting = {pattern for pattern in patterns if fnmatchcase(name, pattern)}
        matched |= fitting
        if fitting:
            frozen.append(parameter)
    if set(patterns) - matched:
        raise ValueError(f"unknown: {set(patterns) - matched}")
    for parameter in model.parameters():
        parameter.requires_grad = not any(parameter is other for other in frozen)
        parameter.zero_grad()


def finetune(
    model: Module,
    new_strings: list[str],
    *,
    steps: int,
    lr: float,
    freeze: Any = (),
    replay: list[str] | None = None,
    rng: np.random.Generator,
) -> dict[str, Any]:
    if not new_strings:
        raise ValueError("new_strings is empty")
    globals()["freeze"](model, list(freeze))
    tokenizer = CharTokenizer.from_strings([ALPHABET])

    def loss_of(strings: Any) -> Any:
        x, y = make_batch(strings, tokenizer)
        return cross_entropy(model(x), y)

    def told(strings: Any) -> float | None:
        return loss_of(strings).item() if strings else None

    before = told(new_strings), told(replay)
    optimizer = AdamW(model.parameters(), lr=lr, betas=(0.9, 0.99))
    losses = []
    for step in range(steps):
        optimizer.lr = lr * (0.5 + 0.5 * np.cos(np.pi * step / (steps + 1)))
        strings = list(new_strings)
        if replay:
            strings += [replay[i] for i in rng.permutation(len(replay))[:24]]
        optimizer.zero_grad()
        loss = loss_of(strings)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    after = told(new_strings), told(replay)
    return dict(
        losses=losses, new_before=before[0], old_before=before[1], new_after=after[0], old_after=after[1]
    )
