import numpy as np

from tinytorch.functional import cross_entropy, log_softmax
from tinytorch.optim import AdamW

LR = 1e-2
WARMUP = 25
PATIENCE = 150  # steps without progress after which I stop
PROGRESS = 2e-4


def train_step(model, optimizer, x, y):
    loss = cross_entropy(model(x), y)
    for p in optimizer.params:
        p.zero_grad()
    model.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def train(model, x, y, *, rng, on_step):
    """Full batch. Short warm-up, then one learning rate until the loss stops falling."""
    model.train()
    optimizer = AdamW(model.parameters(), lr=LR, betas=(0.9, 0.98))
    history = []
    best, best_step = float("inf"), 0
    while True:
        step = len(history) + 1
        optimizer.lr = LR * min(1.0, step / WARMUP)
        history.append(train_step(model, optimizer, x, y))
        if on_step(step, history[-1]) >= 1.0:
            break
        if history[-1] < best - PROGRESS:
            best, best_step = history[-1], step
        elif step - best_step >= PATIENCE:
            break
    return history


def evaluate(model, x, y):
    was = model.training
    model.eval()
    loss = cross_entropy(model(x), y).item()
    model.train(was)
    return loss


def predict_next(model, prompt_ids):
    was = model.training
    model.eval()
    ids = np.asarray(prompt_ids, dtype="int64").reshape(1, -1)
    logits = model(ids).data[:, -1]
    model.train(was)
    return log_softmax(logits).data[0]
