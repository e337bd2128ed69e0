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
        raise NotImplementedError("A2.3: collect the parameters of this module and of all modules inside")

    def parameters(self) -> list[Parameter]:
        """The parameters in the order of named_parameters, each object once."""
        raise NotImplementedError("A2.3: the same without the names")

    def train(self, mode: bool = True) -> Module:
        """Set `training` to `mode`, here and in all modules inside. Returns this module."""
        raise NotImplementedError("A2.3: tell every module inside")

    def eval(self) -> Module:
        """Set `training` to False, here and in all modules inside. Returns this module."""
        raise NotImplementedError("A2.3: the opposite of train")

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters: set them to None."""
        raise NotImplementedError("A2.3: forget them")


class Linear(Module):
    """x (..., in_features) -> (..., out_features), with weight (out, in) and, unless bias=False, bias (out,).

    The weight starts as uniform_fan_in, the bias at zero (torch.nn.Linear draws it, too).
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True, *, rng: np.random.Generator) -> None:
        raise NotImplementedError("A2.3: create weight and bias")

    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError("A2.3: apply the affine map")


class Embedding(Module):
    """ids int (...) -> (..., dim): row `id` of weight (num, dim) for each id. Errors as in ops.take_rows.

    The weight starts normal with standard deviation 0.1 (torch.nn.Embedding: 1): small, so that a new model is
    unsure rather than wrong.
    """

    def __init__(self, num: int, dim: int, *, rng: np.random.Generator) -> None:
        raise NotImplementedError("A2.3: create the table")

    def forward(self, ids: np.ndarray) -> Tensor:
        raise NotImplementedError("A2.3: look the rows up")


class LayerNorm(Module):
    """functional.layer_norm over the last axis (..., dim), with weight (dim,) from 1 and bias (dim,) from 0."""

    def __init__(self, dim: int, eps: float = 1e-5) -> None:
        raise NotImplementedError("A2.3: create weight and bias, keep eps")

    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError("A2.3: normalise")


class Dropout(Module):
    """In training, each entry is set to 0 with probability p and the others grow, so that the mean stays.

    In evaluation the input itself comes back. Srivastava et al. 2014, Dropout (the inverted form).
    Raises ValueError unless 0 <= p < 1.
    """

    def __init__(self, p: float, *, rng: np.random.Generator) -> None:
        raise NotImplementedError("A2.3: keep p and the generator")

    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError("A2.3: draw a new pattern for every call in training")
