import math

import numpy as np


class SGD:
    def __init__(self, params, lr, momentum=0.0):
        self.params = list(params)
        self.lr = lr
        self.momentum = momentum
        self.u = []
        for p in self.params:
            self.u.append(np.zeros(p.data.shape))

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        for n in range(len(self.params)):
            p = self.params[n]
            if p.grad is None:
                continue
            self.u[n] = self.momentum * self.u[n] + p.grad
            p.data -= self.lr * self.u[n]


class AdamW:
    """One number after the other, exactly like the formulas of the paper."""

    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        self.params = list(params)
        self.lr = lr
        self.betas = betas
        self.eps = eps
        self.weight_decay = weight_decay
        self.t = 0
        self.m = []
        self.v = []
        for p in self.params:
            self.m.append([0.0] * p.data.size)
            self.v.append([0.0] * p.data.size)

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        self.t += 1
        beta1, beta2 = self.betas
        for n in range(len(self.params)):
            p = self.params[n]
            if p.grad is None:
                continue
            m = self.m[n]
            v = self.v[n]
            weights = p.data.ravel().tolist()
            gradient = p.grad.ravel().tolist()
            for i in range(len(weights)):
                g = gradient[i]
                w = weights[i] * (1 - self.lr * self.weight_decay)
                m[i] = beta1 * m[i] + (1 - beta1) * g
                v[i] = beta2 * v[i] + (1 - beta2) * g * g
                m_hat = m[i] / (1 - beta1**self.t)
                v_hat = v[i] / (1 - beta2**self.t)
                weights[i] = w - self.lr * m_hat / (math.sqrt(v_hat) + self.eps)
            p.data[...] = np.array(weights).reshape(p.data.shape)


def clip_grad_norm(params, max_norm):
    params = list(params)
    total = 0.0
    for p in params:
        if p.grad is not None:
            for g in p.grad.ravel().tolist():
                total += g * g
    norm = math.sqrt(total)
    if norm > max_norm:
        for p in params:
            if p.grad is not None:
                p.grad = p.grad * (max_norm / norm)
    return norm


def lr_at(step, *, peak, warmup, total, floor=0.0):
    if step <= warmup:
        return peak * step / warmup
    if step >= total:
        return floor
    x = (step - warmup) / (total - warmup)
    return floor + 0.5 * (peak - floor) * (1 + math.cos(math.pi * x))
