"""The Tensor that everyone uses: the tape's Tensor with the operators of ops.py.

tape.py knows no operation and ops.py needs the class Tensor; this file stands above both and joins them, so that
neither has to import the other back. You need not change anything here.
"""

from __future__ import annotations

from typing import Any

from . import ops
from .ops import unbroadcast
from .tape import Tensor, as_tensor, topological_order

__all__ = ["Tensor", "as_tensor", "topological_order", "unbroadcast"]


def _reshape_method(x: Tensor, *shape: Any) -> Tensor:
    """x.reshape(2, 3) and x.reshape((2, 3)) mean the same."""
    return ops.reshape(x, shape[0] if len(shape) == 1 else shape)


def _transpose_method(x: Tensor, *axes: Any) -> Tensor:
    """x.transpose(1, 0), x.transpose((1, 0)) and, for all axes reversed, x.transpose()."""
    if not axes:
        return ops.transpose(x)
    return ops.transpose(x, axes[0] if len(axes) == 1 else axes)


METHODS = {
    "__add__": ops.add,
    "__radd__": lambda x, other: ops.add(other, x),
    "__sub__": ops.sub,
    "__rsub__": lambda x, other: ops.sub(other, x),
    "__mul__": ops.mul,
    "__rmul__": lambda x, other: ops.mul(other, x),
    "__truediv__": ops.div,
    "__rtruediv__": lambda x, other: ops.div(other, x),
    "__pow__": ops.power,
    "__rpow__": lambda x, other: ops.power(other, x),
    "__matmul__": ops.matmul,
    "__rmatmul__": lambda x, other: ops.matmul(other, x),
    "__neg__": ops.neg,
    "__getitem__": ops.getitem,
    "sum": ops.reduce_sum,
    "mean": ops.mean,
    "reshape": _reshape_method,
    "transpose": _transpose_method,
}

for _name, _function in METHODS.items():
    setattr(Tensor, _name, _function)
