import re
from fnmatch import translate

import numpy as np

from tinytorch import train
from tinytorch.data import CharTokenizer, make_batch
from tinytorch.optim import AdamW, lr_at

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRST"


def freeze(model, patterns):
    members = model.named_parameters()
    expressions = [re.compile(translate(pattern)) for pattern in patterns]
    for expression in expressions:
        if not [1 for path, _ in members if expression.match(path)]:
            raise ValueError("no parameter is called like this")
    for path, p in members:
        p.requires_grad = True
        for expression in expressions:
            if expression.match(path):
                p.requires_grad = False
        p.grad = None


def _keep_still(model, patterns):
    freeze(model, patterns)


def finetune(model, new_strings, *, steps, lr, freeze=(), replay=None, rng):
    if not list(new_strings):
        raise ValueError("nothing new")
    tok = CharTokenizer.from_strings([ALPHABET])
    x_new, y_new = make_batch(new_strings, tok)
    x_old, y_old = make_batch(replay or [], tok)
    out = {"new_before": train.evaluate(model, x_new, y_new)}
    out["old_before"] = train.evaluate(model, x_old, y_old) if len(x_old) else None
    _keep_still(model, freeze)
    moving = [p for p in model.parameters() if p.requires_grad]
    optimizer = AdamW(moving, lr=lr, betas=(0.9, 0.99))
    out["losses"] = []
    order = rng.permutation(len(x_old))
    for step in range(steps):
        optimizer.lr = lr_at(step + 1, peak=lr, warmup=3, total=steps + 3, floor=lr / 20)
        chosen = order[:24]
        order = np.roll(order, -24)  # all old strings in turn
        x, y = np.concatenate([x_new, x_old[chosen]]), np.concatenate([y_new, y_old[chosen]])
        out["losses"].append(train.train_step(model, optimizer, x, y))
    out["new_after"] = train.evaluate(model, x_new, y_new)
    out["old_after"] = train.evaluate(model, x_old, y_old) if len(x_old) else None
    return out
