from . import init, ops
from .functional import layer_norm
from .tensor import Tensor


class Parameter(Tensor):
    def __init__(self, data):
        super().__init__(Tensor(data).data.copy(), requires_grad=True)


class Module:
    training = True

    def children(self):
        """(name, thing) for everything that is a module or parameter, lists unrolled."""
        return [pair for key, value in vars(self).items() for pair in unroll(key, value)]

    def named_parameters(self):
        pairs = [
            pair
            for name, child in self.children()
            for pair in (
                [(name, child)]
                if isinstance(child, Parameter)
                else [(f"{name}.{rest}", p) for rest, p in child.named_parameters()]
            )
        ]
        first = {}
        for name, p in pairs:
            first.setdefault(id(p), (name, p))  # shared ones count once
        return list(first.values())

    def parameters(self):
        return [p for _, p in self.named_parameters()]

    def modules(self):
        return [self] + [m for _, c in self.children() if isinstance(c, Module) for m in c.modules()]

    def train(self, mode=True):
        for m in self.modules():
            m.training = mode
        return self

    def eval(self):
        return self.train(False)

    def zero_grad(self):
        for p in self.parameters():
            p.grad = None

    def __call__(self, *args, **kwargs):
        return self.forward(*args, **kwargs)


def unroll(name, value):
    if isinstance(value, (Parameter, Module)):
        return [(name, value)]
    if isinstance(value, (list, tuple)):
        return [pair for i, v in enumerate(value) for pair in unroll(f"{name}.{i}", v)]
    if isinstance(value, dict):
        return [pair for k, v in value.items() for pair in unroll(f"{name}.{k}", v)]
    return []


class Linear(Module):
    def __init__(self, in_features, out_features, bias=True, *, rng):
        self.weight = Parameter(init.uniform_fan_in((out_features, in_features), rng))
        self.bias = Parameter(init.uniform_fan_in((out_features, in_features), rng)[:, 0]) if bias else None

    def forward(self, x):
        y = ops.matmul(x, ops.transpose(self.weight))
        return y if self.bias is None else ops.add(y, self.bias)


class Embedding(Module):
    def __init__(self, num, dim, *, rng):
        self.weight = Parameter(init.normal((num, dim), 0.1, rng))

    def forward(self, ids):
        return ops.take_rows(self.weight, ids)


class LayerNorm(Module):
    def __init__(self, dim, eps=1e-5):
        self.weight, self.bias = Parameter(init.ones(dim)), Parameter(init.zeros(dim))
        self.eps = eps

    def forward(self, x):
        return layer_norm(x, self.weight, self.bias, self.eps)


class Dropout(Module):
    def __init__(self, p, *, rng):
        if not 0 <= p < 1:
            raise ValueError("p must be in [0, 1)")
        self.p, self.rng = p, rng

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        keep = self.rng.random(x.shape) > self.p
        return ops.mul(x, keep / (1 - self.p))
