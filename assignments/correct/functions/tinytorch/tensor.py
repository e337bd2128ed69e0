"""
Tensor and Function.

An operation is a Function class with two static methods:

    forward(ctx, *arrays, **options) -> array
    backward(ctx, g)                 -> one gradient per array (or None)

ctx is where forward leaves what backward will need.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

_counter = itertools.count()


class Context:
    """A notepad. needs[i] says whether input i wants a gradient."""

    def __init__(self, needs: tuple[bool, ...]):
        self.needs = needs
        self.saved: tuple[Any, ...] = ()

    def save(self, *things: Any) -> None:
        self.saved = things


class Tensor:
    __array_priority__ = 1000.0
    __array_ufunc__ = None

    def __init__(self, data: Any, requires_grad: bool = False, _parents: tuple = (), _backward=None):
        array = np.asarray(data.data if isinstance(data, Tensor) else data)
        self.data = array if array.dtype == np.float64 else array.astype(np.float64)
        self.grad: np.ndarray | None = None
        self.requires_grad = requires_grad or any(parent.requires_grad for parent in _parents)
        if not self.requires_grad:
            _parents, _backward = (), None
        self._parents = tuple(_parents)
        self._backward = _backward
        # A tensor is always younger than what it was made of, so birthdays sort the graph.
        self._birthday = next(_counter)

    shape = property(lambda self: self.data.shape)
    ndim = property(lambda self: self.data.ndim)
    size = property(lambda self: self.data.size)

    def item(self) -> float:
        return float(self.data.reshape(-1)[0]) if self.size == 1 else self.data.item()

    def zero_grad(self) -> None:
        self.grad = None

    def detach(self) -> Tensor:
        return Tensor(self.data.copy())

    def __repr__(self) -> str:
        return f"<Tensor {self.shape} requires_grad={self.requires_grad}>"

    def backward(self, grad: Any = None) -> None:
        if not self.requires_grad:
            raise ValueError("this tensor has no history")
        if grad is None and self.size != 1:
            raise ValueError("backward of a non-scalar needs a gradient")
        start = np.ones(self.shape) if grad is None else np.array(grad, dtype=np.float64)
        if start.shape != self.shape:
            raise ValueError(f"gradient {start.shape} for a tensor {self.shape}")

        gradients: dict[Tensor, np.ndarray] = {self: start}
        for tensor in topological_order(self):
            if tensor not in gradients:
                continue
            g = gradients.pop(tensor)
            if tensor._backward is None:
                tensor.grad = g.copy() if tensor.grad is None else tensor.grad + g
                continue
            for parent, part in zip(tensor._parents, tensor._backward(g), strict=True):
                if part is None or not parent.requires_grad:
                    continue
                part = np.asarray(part)
                if parent in gradients:
                    gradients[parent] = gradients[parent] + part
                else:
                    gradients[parent] = part

    # The operators are filled in by ops.py.


def topological_order(root: Tensor) -> list[Tensor]:
    found = {root}
    frontier = [root]
    while frontier:
        frontier = [p for t in frontier for p in t._parents if p not in found and not found.add(p)]
    return sorted(found, key=lambda t: t._birthday, reverse=True)


def unbroadcast(g: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if np.shape(g) == tuple(shape):
        return g
    padded = (1,) * (np.ndim(g) - len(shape)) + tuple(shape)
    axes = tuple(i for i, (have, want) in enumerate(zip(np.shape(g), padded, strict=True)) if want == 1 and have != 1)
    return np.sum(g, axis=axes, keepdims=True).reshape(shape)


class Function:
    @staticmethod
    def forward(ctx: Context, *arrays, **options):
        raise NotImplementedError

    @staticmethod
    def backward(ctx: Context, g):
        raise NotImplementedError

    @classmethod
    def apply(cls, *inputs: Any, **options: Any) -> Tensor:
        tensors = tuple(x if isinstance(x, Tensor) else Tensor(x) for x in inputs)
        ctx = Context(tuple(t.requires_grad for t in tensors))
        result = cls.forward(ctx, *(t.data for t in tensors), **options)

        def backward(g):
            parts = cls.backward(ctx, g)
            return parts if isinstance(parts, tuple) else (parts,)

        return Tensor(result, _parents=tensors, _backward=backward)


from . import ops  # noqa: E402, F401  (gives Tensor its operators)
