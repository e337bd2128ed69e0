import numpy as np

from . import functional, init, ops
from .tensor import Tensor


class Parameter(Tensor):
    def __init__(self, data):
        Tensor.__init__(self, np.array(data, dtype=np.float64), requires_grad=True)


class Module:
    training = True

    def __call__(self, *args):
        return self.forward(*args)

    def named_parameters(self):
        result = []
        collect_parameters("", self, result, [])
        return result

    def parameters(self):
        result = []
        for _, p in self.named_parameters():
            result.append(p)
        return result

    def zero_grad(self):
        for p in self.parameters():
            p.zero_grad()

    def train(self, mode=True):
        set_training(self, mode, [])
        return self

    def eval(self):
        return self.train(False)


def inside(thing):
    if isinstance(thing, Module):
        return list(thing.__dict__.items())
    if isinstance(thing, dict):
        return list(thing.items())
    if isinstance(thing, (list, tuple)):
        return list(enumerate(thing))
    return []


def collect_parameters(path, thing, result, visited):
    for v in visited:
        if v is thing:
            return
    if isinstance(thing, Parameter):
        visited.append(thing)
        result.append((path, thing))
    elif isinstance(thing, (Module, dict, list, tuple)):
        visited.append(thing)
        for name, part in inside(thing):
            if path == "":
                collect_parameters(str(name), part, result, visited)
            else:
                collect_parameters(path + "." + str(name), part, result, visited)


def set_training(thing, mode, visited):
    for v in visited:
        if v is thing:
            return
    visited.append(thing)
    if isinstance(thing, Module):
        thing.training = mode
    for _, part in inside(thing):
        if isinstance(part, (Module, dict, list, tuple)):
            set_training(part, mode, visited)


class Linear(Module):
    def __init__(self, in_features, out_features, bias=True, *, rng):
        self.weight = Parameter(init.uniform_fan_in((out_features, in_features), rng))
        self.bias = None
        if bias:
            self.bias = Parameter(np.zeros(out_features))

    def forward(self, x):
        y = ops.matmul(x, ops.transpose(self.weight))
        if self.bias is None:
            return y
        return ops.add(y, self.bias)


class Embedding(Module):
    def __init__(self, num, dim, *, rng):
        self.weight = Parameter(init.normal((num, dim), 0.1, rng))

    def forward(self, ids):
        return ops.take_rows(self.weight, ids)


class LayerNorm(Module):
    def __init__(self, dim, eps=1e-5):
        self.weight = Parameter(np.ones(dim))
        self.bias = Parameter(np.zeros(dim))
        self.eps = eps

    def forward(self, x):
        return functional.layer_norm(x, self.weight, self.bias, self.eps)


class Dropout(Module):
    def __init__(self, p, *, rng):
        if p < 0 or p >= 1:
            raise ValueError("p must be 0 <= p < 1")
        self.p = p
        self.rng = rng

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        mask = np.zeros(x.shape)
        for place in np.ndindex(x.shape):
            if self.rng.random() >= self.p:
                mask[place] = 1 / (1 - self.p)
        return ops.mul(x, mask)
