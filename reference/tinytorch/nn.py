"""Modules: functions with parameters, which find their own parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import functional as F
from . import init, ops
from .tensor import Tensor


class Parameter(Tensor):
    """A tensor that is trained: a leaf of the graph that requires a gradient."""

    def __init__(self, data: Any) -> None:
        super().__init__(data, requires_grad=True)


class Module:
    """Base class of all layers and models.

    Assign parameters and modules to attributes, directly or in lists, tuples and dicts: they are found there. Write
    the computation in `forward`, and call the module itself.
    """

    training = True

    def __call__(self, *args: Any) -> Any:
        return self.forward(*args)

    def forward(self, *args: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def named_parameters(self) -> list[tuple[str, Parameter]]:
        """(name, parameter) for every parameter, each object once, under the first name that leads to it.

        A name is the path: attribute names, list positions and dict keys, joined by dots.

        Example: `self.blocks = [Block(), Block()]` gives names such as "blocks.1.ln1.weight".
        """
        # BEGIN SOLUTION A2.3: collect the parameters of this module and of all modules inside
        return [(name, item) for name, item in _contents(self) if isinstance(item, Parameter)]
        # END SOLUTION

    def parameters(self) -> list[Parameter]:
        """The parameters in the order of named_parameters, each object once."""
        # BEGIN SOLUTION A2.3: the same without the names
        return [parameter for _, parameter in self.named_parameters()]
        # END SOLUTION

    def train(self, mode: bool = True) -> Module:
        """Set `training` to `mode`, here and in all modules inside. Returns this module."""
        # BEGIN SOLUTION A2.3: tell every module inside
        for _, item in _contents(self):
            if isinstance(item, Module):
                item.training = mode
        return self
        # END SOLUTION

    def eval(self) -> Module:
        """Set `training` to False, here and in all modules inside. Returns this module."""
        # BEGIN SOLUTION A2.3: the opposite of train
        return self.train(False)
        # END SOLUTION

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters: set them to None."""
        # BEGIN SOLUTION A2.3: forget them
        for parameter in self.parameters():
            parameter.grad = None
        # END SOLUTION


# BEGIN SOLUTION A2.3: one walk for parameters and modules
def _contents(module: Module) -> list[tuple[str, Parameter | Module]]:
    """Every Parameter and Module in `module`, itself included, with its path; each object once."""
    found: dict[int, tuple[str, Parameter | Module]] = {}
    _collect(module, "", found)
    return list(found.values())


def _collect(item: Any, name: str, found: dict[int, tuple[str, Parameter | Module]]) -> None:
    """Add what `item` is or holds to `found`, by identity: so that circles of modules end, too."""
    if isinstance(item, (Parameter, Module)):
        if id(item) in found:
            return
        found[id(item)] = (name, item)
    if isinstance(item, Module):
        children: Any = vars(item).items()
    elif isinstance(item, dict):
        children = item.items()
    elif isinstance(item, (list, tuple)):
        children = enumerate(item)
    else:
        return
    for key, child in children:
        _collect(child, f"{name}.{key}" if name else str(key), found)


# END SOLUTION


class Linear(Module):
    """x (..., in_features) -> (..., out_features), with weight (out, in) and, unless bias=False, bias (out,).

    The weight starts as uniform_fan_in, the bias at zero (torch.nn.Linear draws it, too).
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True, *, rng: np.random.Generator) -> None:
        # BEGIN SOLUTION A2.3: create weight and bias
        self.weight = Parameter(init.uniform_fan_in((out_features, in_features), rng))
        self.bias = Parameter(np.zeros(out_features)) if bias else None
        # END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        # BEGIN SOLUTION A2.3: apply the affine map
        return F.linear(x, self.weight, self.bias)
        # END SOLUTION


class Embedding(Module):
    """ids int (...) -> (..., dim): row `id` of weight (num, dim) for each id. Errors as in ops.take_rows.

    The weight starts normal with standard deviation 0.1 (torch.nn.Embedding: 1): small, so that a new model is
    unsure rather than wrong.
    """

    def __init__(self, num: int, dim: int, *, rng: np.random.Generator) -> None:
        # BEGIN SOLUTION A2.3: create the table
        self.weight = Parameter(init.normal((num, dim), 0.1, rng))
        # END SOLUTION

    def forward(self, ids: np.ndarray) -> Tensor:
        # BEGIN SOLUTION A2.3: look the rows up
        return ops.take_rows(self.weight, ids)
        # END SOLUTION


class LayerNorm(Module):
    """functional.layer_norm over the last axis (..., dim), with weight (dim,) from 1 and bias (dim,) from 0."""

    def __init__(self, dim: int, eps: float = 1e-5) -> None:
        # BEGIN SOLUTION A2.3: create weight and bias, keep eps
        self.weight = Parameter(np.ones(dim))
        self.bias = Parameter(np.zeros(dim))
        self.eps = eps
        # END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        # BEGIN SOLUTION A2.3: normalise
        return F.layer_norm(x, self.weight, self.bias, self.eps)
        # END SOLUTION


class Dropout(Module):
    """In training, each entry is set to 0 with probability p and the others grow, so that the mean stays.

    In evaluation the input itself comes back. Srivastava et al. 2014, Dropout (the inverted form).
    Raises ValueError unless 0 <= p < 1.
    """

    def __init__(self, p: float, *, rng: np.random.Generator) -> None:
        # BEGIN SOLUTION A2.3: keep p and the generator
        if not 0.0 <= p < 1.0:
            raise ValueError(f"dropout needs 0 <= p < 1, got {p}")
        self.p = p
        self.rng = rng
        # END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        # BEGIN SOLUTION A2.3: draw a new pattern for every call in training
        if not self.training or self.p == 0.0:
            return x
        kept = self.rng.random(x.shape) >= self.p
        return ops.mul(x, kept / (1.0 - self.p))
        # END SOLUTION
