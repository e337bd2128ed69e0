import numpy as np

from .functional import cross_entropy, log_softmax
from .optim import AdamW, lr_at

# My code is slow, but it is slow per step and not per string: all strings in one batch cost
# hardly more than one string. So: few steps, all strings, a large learning rate that falls.
STEPS = 260
PEAK = 2e-2


def train_step(model, optimizer, x, y):
    logits = model(x)
    loss = cross_entropy(logits, y)
    model.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def train(model, x, y, *, rng, on_step):
    optimizer = AdamW(model.parameters(), lr=PEAK, betas=(0.9, 0.99))
    model.train()
    losses = []
    for step in range(1, STEPS + 1):
        optimizer.lr = lr_at(step, peak=PEAK, warmup=20, total=STEPS, floor=1e-3)
        loss = train_step(model, optimizer, x, y)
        losses.append(loss)
        if on_step(step, loss) >= 1:
            break
    return losses


def train_seed(model, x, y, *, rng, on_step):
    """The recipe that the course's first experiment used: one random string a step, Adam, lr 0.001."""
    optimizer = AdamW(model.parameters(), lr=1e-3)
    model.train()
    losses = []
    used = 0.0
    while used < 1:
        n = rng.integers(len(x))
        loss = cross_entropy(model(x[n : n + 1]), y[n : n + 1])
        optimizer.zero_grad()
        loss.backward()
        for p in optimizer.params:
            if p.grad is not None:
                p.grad = np.clip(p.grad, -1, 1)
        optimizer.step()
        losses.append(loss.item())
        used = on_step(len(losses), losses[-1])
    return losses


def evaluate(model, x, y):
    was_training = model.training
    model.eval()
    loss = cross_entropy(model(x), y).item()
    model.train(was_training)
    return loss


def predict_next(model, prompt_ids):
    was_training = model.training
    model.eval()
    ids = np.array([list(prompt_ids)])
    logits = model(ids)
    model.train(was_training)
    return log_softmax(logits).data[0, -1]
