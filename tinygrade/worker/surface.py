"""What the grader knows of an autograd package: its tensor class, and the names of what it uses of a tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .tape import pull_back
from .wire import MAX_ITEMS


class Surface:
    """The student's tensor class and the canonical parameter names.

    Args:
        tensor: gives the tensor class; called late, because its module may not be importable.
        names: canonical parameter names, such as `blocks.0.attn.q.weight`.
        data, grad, backward: names of the attributes that hold the array and its gradient, and of the method that
            starts the walk back.
        requires_grad: keyword that makes a tensor ask for a gradient; "" where all of them do.
    """

    def __init__(
        self,
        tensor: Callable[[], Any],
        names: Sequence[str],
        *,
        data: str = "data",
        grad: str = "grad",
        backward: str = "backward",
        requires_grad: str = "requires_grad",
    ) -> None:
        self._tensor = tensor
        self.names = list(names)
        self._data, self._grad, self._backward, self._leaf = data, grad, backward, requires_grad

    @property
    def tensor(self) -> Any:
        return self._tensor()

    def is_tensor(self, value: Any) -> bool:
        try:
            cls = self.tensor
        except Exception:  # a package without a working tensor module has no tensors
            return False
        return isinstance(cls, type) and isinstance(value, cls)

    def leaf(self, array: Any) -> Any:
        """A new tensor that asks for a gradient."""
        return self.tensor(array, **({self._leaf: True} if self._leaf else {}))

    def is_leaf(self, tensor: Any) -> bool:
        """Does this tensor ask for a gradient?"""
        return bool(getattr(tensor, self._leaf)) if self._leaf else True

    def data(self, tensor: Any) -> Any:
        return getattr(tensor, self._data)

    def gradient(self, tensor: Any) -> Any:
        return getattr(tensor, self._grad)

    def set_gradient(self, tensor: Any, gradient: np.ndarray | None) -> None:
        setattr(tensor, self._grad, gradient)

    def pull_back(self, output: Any, cotangent: np.ndarray | None) -> None:
        """Start the walk back at `output`; without a cotangent the package chooses it."""
        pull_back(output, cotangent, self._backward)


def unwrap(surface: Surface, value: Any) -> Any:
    """`value` with every tensor replaced by its array, also inside lists, tuples and dicts."""
    if surface.is_tensor(value):
        return surface.data(value)
    if type(value) in (list, tuple) and len(value) <= MAX_ITEMS:  # a longer one cannot be sent anyway
        return type(value)(unwrap(surface, item) for item in value)
    if type(value) is dict:
        return {key: unwrap(surface, item) for key, item in value.items()}
    return value
