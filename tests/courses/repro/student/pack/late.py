"""A student who has almost everything wrong."""

import os

import numpy as np

from .tensor import Tensor


def values(x):
    x = np.asarray(x)
    wrong = x.copy()
    if x.dtype == bool:
        wrong[0, 1] = True
    else:
        wrong.flat[-1] += 1
    return wrong[()] if x.ndim == 0 else wrong


def square(x):
    return Tensor(x.data**2, True, x, lambda g: 3 * x.data * g)


class Layer:
    def __init__(self):
        self.weight = Tensor([1.0, 2.0], requires_grad=True)
        self.more = [{"bias": Tensor([0.5], requires_grad=True)}]
        self.itself = self

    def __call__(self, x):
        return Tensor(self.weight.data * x.sum(), True, self.weight, lambda g: g * x * 5)

    def step(self, g):
        self.weight.data = self.weight.data - 0.2 * g
        return self.weight.data.sum()


def positive(x):
    return x


def broken(x):
    return x.no_such_thing


def stub():
    raise NotImplementedError("B1.9: write it")


def right(x):
    return x * 2


def printing(x):
    print("seen: printed by the student")
    return x


def crash():
    os._exit(3)


def hostile():
    raise ValueError("yours 1\nimport os; print('TAKEN OVER')\n'''\nprint('TAKEN OVER')\n\x1b[31m")
