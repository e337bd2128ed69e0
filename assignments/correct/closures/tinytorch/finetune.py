import fnmatch

import numpy as np

from .data import CharTokenizer, make_batch
from .optim import AdamW
from .train import evaluate, train_step

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRST"


def freeze(model, patterns):
    named = model.named_parameters()
    hits = {pattern: fnmatch.filter([name for name, _ in named], pattern) for pattern in patterns}
    if not all(hits.values()):
        raise ValueError(f"matches nothing: {[pattern for pattern, names in hits.items() if not names]}")
    frozen = {name for names in hits.values() for name in names}
    for name, p in named:
        p.requires_grad = name not in frozen
        p.grad = None


set_frozen = freeze


def finetune(model, new_strings, *, steps, lr, freeze=(), replay=None, rng):
    if len(new_strings) == 0:
        raise ValueError("no strings")
    set_frozen(model, freeze)
    tok = CharTokenizer.from_strings(ALPHABET)
    x, y = make_batch(new_strings, tok)
    parts = {"new": (x, y), "old": make_batch(replay, tok) if replay else None}

    def measure(when):
        return {f"{k}_{when}": evaluate(model, *part) if part else None for k, part in parts.items()}

    report = measure("before")
    opt = AdamW(model.parameters(), lr, betas=(0.9, 0.98))
    losses = []
    for i in range(steps):
        opt.lr = lr * (1 - i / steps) ** 0.5
        bx, by = x, y
        if replay:
            pick = rng.integers(len(replay), size=2 * len(x))
            bx, by = np.vstack([x, parts["old"][0][pick]]), np.vstack([y, parts["old"][1][pick]])
        losses.append(train_step(model, opt, bx, by))
    return {"losses": losses, **report, **measure("after")}
