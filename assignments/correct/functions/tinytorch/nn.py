from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from . import functional as F
from . import init
from .ops import add, matmul, mul, take_rows, transpose
from .tensor import Tensor


class Parameter(Tensor):
    def __init__(self, data: Any):
        super().__init__(np.array(data, dtype=np.float64), requires_grad=True)


class Module:
    def __init__(self) -> None:
        self.training = True

    def __call__(self, *args: Any) -> Any:
        return self.forward(*args)

    def forward(self, *args: Any) -> Any:
        raise NotImplementedError

    def named_parameters(self) -> list[tuple[str, Parameter]]:
        seen: set[int] = set()
        return [(".".join(path), thing) for path, thing in walk(self, (), seen) if isinstance(thing, Parameter)]

    def parameters(self) -> list[Parameter]:
        return [parameter for _, parameter in self.named_parameters()]

    def train(self, mode: bool = True) -> Module:
        for _, thing in walk(self, (), set()):
            if isinstance(thing, Module):
                thing.training = mode
        return self

    def eval(self) -> Module:
        return self.train(mode=False)

    def zero_grad(self) -> None:
        for parameter in self.parameters():
            parameter.zero_grad()


def walk(thing: Any, path: tuple[str, ...], seen: set[int]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Everything below `thing` that is a Module or Parameter, with the path to it."""
    if isinstance(thing, (Module, Parameter)):
        if id(thing) in seen:
            return
        seen.add(id(thing))
        yield path, thing
    if isinstance(thing, Parameter):
        return
    if isinstance(thing, Module):
        inside = thing.__dict__
    elif isinstance(thing, dict):
        inside = thing
    elif isinstance(thing, (list, tuple)):
        inside = dict(enumerate(thing))
    else:
        return
    for key, value in inside.items():
        yield from walk(value, (*path, str(key)), seen)


class Linear(Module):
    def __init__(self, in_features: int, out_features: int, bias: bool = True, *, rng: np.random.Generator):
        super().__init__()
        self.weight = Parameter(init.uniform_fan_in((out_features, in_features), rng))
        self.bias = Parameter(np.zeros(out_features)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        y = matmul(x, transpose(self.weight))
        if self.bias is not None:
            y = add(y, self.bias)
        return y


class Embedding(Module):
    def __init__(self, num: int, dim: int, *, rng: np.random.Generator):
        super().__init__()
        self.weight = Parameter(init.normal((num, dim), 0.05, rng))

    def forward(self, ids: np.ndarray) -> Tensor:
        return take_rows(self.weight, ids)


class LayerNorm(Module):
    def __init__(self, dim: int, eps: float = 1e-5):
        super().__init__()
        self.eps = eps
        self.weight = Parameter(np.ones(dim))
        self.bias = Parameter(np.zeros(dim))

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, self.weight, self.bias, self.eps)


class Dropout(Module):
    def __init__(self, p: float, *, rng: np.random.Generator):
        super().__init__()
        if p < 0 or p >= 1:
            raise ValueError(f"no dropout with probability {p}")
        self.p = p
        self.rng = rng

    def forward(self, x: Tensor) -> Tensor:
        if self.training and self.p > 0:
            scale = self.rng.binomial(1, 1 - self.p, size=x.shape) / (1 - self.p)
            return mul(x, scale)
        return x
