from __future__ import annotations

import numpy as np

from .data import batches
from .functional import cross_entropy, log_softmax
from .optim import AdamW

EPOCHS = 150
BATCH = 7


def train_step(model, optimizer, x, y):
    logits = model(x)
    loss = cross_entropy(logits, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def train(model, x, y, *, rng, on_step):
    model.train()
    optimizer = AdamW(model.parameters(), lr=1e-2, betas=(0.9, 0.99))
    losses = []
    for epoch in range(EPOCHS):
        optimizer.lr = 1e-2 * 0.98**epoch
        for batch_x, batch_y in batches(x, y, BATCH, rng):
            loss = train_step(model, optimizer, batch_x, batch_y)
            losses.append(loss)
            if on_step(len(losses), loss) >= 1:
                return losses
    return losses


def evaluate(model, x, y):
    mode = model.training
    try:
        model.eval()
        return cross_entropy(model(x), y).item()
    finally:
        model.train(mode)


def predict_next(model, prompt_ids):
    mode = model.training
    try:
        model.eval()
        prompt = np.atleast_2d(prompt_ids)
        log_probabilities = log_softmax(model(prompt))
        return log_probabilities.data[0, -1, :].copy()
    finally:
        model.train(mode)
