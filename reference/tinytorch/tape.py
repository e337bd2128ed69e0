"""Arrays that remember how they were made, and the walk back along that memory (reverse-mode autodiff).

An operation makes its result with two extra facts: `_parents`, the tensors it was computed from, and
`_backward(g)`, a function that takes the gradient with respect to the result and returns a tuple of arrays, one per
parent (None where there is no gradient). That is the whole protocol between this file and ops.py.

This file knows no operation. ops.py builds on it, and tensor.py puts both together: import Tensor from there.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np

Backward = Callable[[np.ndarray], tuple["np.ndarray | None", ...]]
_numbers = count()


class Tensor:
    """A numpy array that can stand in a graph of operations.

    `data` holds the numbers (int and bool become float64; a float array is kept, not copied), `grad` is None or an
    array of the same shape. A result requires a gradient when any of its parents does; otherwise it keeps no
    parents, so that nothing is remembered in vain. Raises TypeError when `data` does not hold numbers.
    """

    # numpy arrays leave `array * tensor` to Tensor.__rmul__ instead of multiplying entry by entry.
    __array_ufunc__ = None

    # The operators: tensor.py binds each of them to a function of ops.py.
    __add__: Callable[..., Tensor]
    __radd__: Callable[..., Tensor]
    __sub__: Callable[..., Tensor]
    __rsub__: Callable[..., Tensor]
    __mul__: Callable[..., Tensor]
    __rmul__: Callable[..., Tensor]
    __truediv__: Callable[..., Tensor]
    __rtruediv__: Callable[..., Tensor]
    __pow__: Callable[..., Tensor]
    __rpow__: Callable[..., Tensor]
    __matmul__: Callable[..., Tensor]
    __rmatmul__: Callable[..., Tensor]
    __neg__: Callable[..., Tensor]
    __getitem__: Callable[..., Tensor]
    sum: Callable[..., Tensor]
    mean: Callable[..., Tensor]
    reshape: Callable[..., Tensor]
    transpose: Callable[..., Tensor]

    def __init__(
        self,
        data: Any,
        requires_grad: bool = False,
        _parents: tuple[Tensor, ...] = (),
        _backward: Backward | None = None,
    ) -> None:
        array = np.asarray(data)
        if array.dtype.kind not in "fc":
            if array.dtype.kind not in "biu":
                raise TypeError(f"a Tensor holds numbers, not {type(data).__name__} ({array.dtype})")
            array = array.astype(np.float64)
        self.data: np.ndarray = array
        self.grad: np.ndarray | None = None
        for parent in _parents:
            requires_grad = requires_grad or parent.requires_grad
        self.requires_grad = requires_grad
        self._number = next(_numbers)  # counts the tensors as they are made: the parents come first
        self._parents = _parents if self.requires_grad else ()
        self._backward = _backward if self.requires_grad else None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    def item(self) -> float:
        """The only number of a tensor of size 1. Raises ValueError for any other size."""
        return self.data.item()

    def zero_grad(self) -> None:
        self.grad = None

    def detach(self) -> Tensor:
        """The same numbers (shared, not copied) outside the graph."""
        return Tensor(self.data)

    def __repr__(self) -> str:
        suffix = ", requires_grad=True" if self.requires_grad else ""
        return f"Tensor({self.data}{suffix})"

    def backward(self, grad: Any = None) -> None:
        """Add the gradient of this tensor to the `grad` of every leaf that it was computed from.

        `grad`, of the shape of this tensor, is the gradient that arrives here from outside; it may be left out
        only for a tensor of size 1, where it is 1. Leaves are tensors without `_backward`; a second call adds to
        them again, while interior tensors keep `grad` None. No two `grad` arrays share memory, neither with each
        other nor with `grad`, and nothing that arrives is changed.

        Raises ValueError when this tensor does not require a gradient, when `grad` is missing for a size other
        than 1, or when its shape differs.

        Example: for x = Tensor(3.0, requires_grad=True), after (x * x + x).backward() x.grad is 7.
        """
        # BEGIN SOLUTION A1.4: visit the graph in topological order, hand each node's gradient on, fill the leaves
        # The gradients on their way live here, not in the nodes: nothing is left over for the next call.
        arriving = {self: self._seed(grad)}
        for node in topological_order(self):
            g = arriving.pop(node, None)
            if g is None:
                continue  # every path to this node ended in a parent without gradient
            if node._backward is None:
                node.grad = np.array(g) if node.grad is None else node.grad + g
                continue
            for parent, g_parent in zip(node._parents, node._backward(g), strict=True):
                if g_parent is None or not parent.requires_grad:
                    continue
                # A new array for every sum: g_parent may be shared with another parent.
                arriving[parent] = arriving[parent] + g_parent if parent in arriving else g_parent
        # END SOLUTION

    def _seed(self, grad: Any) -> np.ndarray:
        """The gradient that backward() starts from, checked."""
        if not self.requires_grad:
            raise ValueError("backward() on a tensor that does not require a gradient")
        if grad is None:
            if self.data.size != 1:
                raise ValueError(f"backward() of a tensor of shape {self.shape} needs `grad` of the same shape")
            return np.ones_like(self.data)
        grad = np.asarray(grad, dtype=self.data.dtype)
        if grad.shape != self.shape:
            raise ValueError(f"grad has shape {grad.shape}, the tensor has {self.shape}")
        return grad


def as_tensor(value: Any) -> Tensor:
    """`value` itself when it is a Tensor, otherwise a constant that holds it."""
    return value if isinstance(value, Tensor) else Tensor(value)


def topological_order(root: Tensor) -> list[Tensor]:
    """All tensors that `root` was computed from, and `root` itself, each once and after all its consumers.

    `root` comes first. Works for graphs of any depth (Python allows about 1,000 nested calls).

    Example: for b = a * a; c = a + b the order of c is [c, b, a]: a is used by b and by c, so it comes last.
    """
    # BEGIN SOLUTION A1.4: order the graph without recursion
    reached = [root]
    seen = {root}
    for node in reached:  # grows meanwhile
        for parent in node._parents:
            if parent not in seen:
                seen.add(parent)
                reached.append(parent)
    # Whatever a tensor was computed from was made before it.
    return sorted(reached, key=lambda node: node._number, reverse=True)
    # END SOLUTION
