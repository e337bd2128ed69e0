import numpy as np

from tinytorch import functional, init, ops
from tinytorch.tensor import Tensor


class Parameter(Tensor):
    __slots__ = ()

    def __init__(self, data):
        super().__init__(np.array(data, dtype="float64"), requires_grad=True)


class Module:
    training = True

    def __call__(self, *inputs):
        return self.forward(*inputs)

    def _members(self):
        """All (path, parameter or module) below this module, without recursion, in the order of definition."""
        found, known = [], {id(self)}
        stack = [(name, value) for name, value in reversed(vars(self).items())]
        while stack:
            path, value = stack.pop()
            if isinstance(value, (Parameter, Module)):
                if id(value) in known:
                    continue
                known.add(id(value))
                found.append((path, value))
            if isinstance(value, Module):
                below = list(vars(value).items())
            elif isinstance(value, (tuple, list)):
                below = list(enumerate(value))
            elif isinstance(value, dict):
                below = list(value.items())
            else:
                continue
            stack.extend((f"{path}.{name}", inner) for name, inner in reversed(below))
        return found

    def named_parameters(self):
        return [(path, member) for path, member in self._members() if isinstance(member, Parameter)]

    def parameters(self):
        return [member for _, member in self._members() if isinstance(member, Parameter)]

    def zero_grad(self):
        for p in self.parameters():
            p.grad = None

    def train(self, mode=True):
        self.training = mode
        for _, member in self._members():
            if isinstance(member, Module):
                member.training = mode
        return self

    def eval(self):
        return self.train(False)


class Linear(Module):
    def __init__(self, in_features, out_features, bias=True, *, rng):
        self.weight = Parameter(init.uniform_fan_in((out_features, in_features), rng))
        self.bias = Parameter(np.zeros(out_features)) if bias else None

    def forward(self, x):
        return functional.linear(x, self.weight, self.bias)


class Embedding(Module):
    def __init__(self, num, dim, *, rng):
        self.weight = Parameter(init.normal((num, dim), 0.02, rng))

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
        if not 0.0 <= p < 1.0:
            raise ValueError("the probability must be at least 0 and less than 1")
        self.p = p
        self.rng = rng

    def forward(self, x):
        if self.p == 0.0 or not self.training:
            return x
        factors = np.where(self.rng.random(x.shape) < self.p, 0.0, 1.0 / (1.0 - self.p))
        return ops.mul(x, factors)
