from __future__ import annotations

import numpy as np


class Optimizer:
    def __init__(self, params, lr):
        self.params = list(params)
        self.lr = lr
        self.state = {}  # what we remember about each parameter

    def zero_grad(self):
        for p in self.params:
            p.zero_grad()

    def step(self):
        for p in self.params:
            if p.grad is not None:
                self.update(p)

    def update(self, p):
        raise NotImplementedError


class SGD(Optimizer):
    def __init__(self, params, lr, momentum=0.0):
        super().__init__(params, lr)
        self.momentum = momentum

    def update(self, p):
        u = self.momentum * self.state.get(p, 0.0) + p.grad
        self.state[p] = u
        p.data -= self.lr * u


class AdamW(Optimizer):
    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, lr)
        self.beta1, self.beta2 = betas
        self.eps = eps
        self.weight_decay = weight_decay
        self.t = 0

    def step(self):
        self.t += 1
        super().step()

    def update(self, p):
        zero = np.zeros(p.shape)
        m, v = self.state.get(p, (zero, zero))
        m = m + (1 - self.beta1) * (p.grad - m)
        v = v + (1 - self.beta2) * (p.grad**2 - v)
        self.state[p] = (m, v)
        corrected_m = m / (1 - self.beta1**self.t)
        corrected_v = v / (1 - self.beta2**self.t)
        p.data -= self.lr * self.weight_decay * p.data
        p.data -= self.lr * corrected_m / (corrected_v**0.5 + self.eps)


def clip_grad_norm(params, max_norm):
    gradients = [p.grad for p in params if p.grad is not None]
    total = 0.0
    for gradient in gradients:
        total += float(np.sum(gradient * gradient))
    norm = total**0.5
    factor = min(1.0, max_norm / norm) if norm > 0 else 1.0
    for gradient in gradients:
        gradient *= factor
    return norm


def lr_at(step, *, peak, warmup, total, floor=0.0):
    if step <= warmup:
        return peak * (step / warmup)
    if step > total:
        return floor
    angle = np.pi * (step - warmup) / (total - warmup)
    return float(floor + (peak - floor) * np.cos(angle / 2) ** 2)
