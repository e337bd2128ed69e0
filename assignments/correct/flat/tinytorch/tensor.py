"""The tape."""

import numpy as np

from tinytorch._utils import shrink


def unbroadcast(g, shape):
    return shrink(np.asarray(g), tuple(shape))


def topological_order(root):
    """Depth first with my own stack. Post-order has the parents first, so it is turned round at the end."""
    post, seen = [], {id(root)}
    stack = [(root, iter(root._parents))]
    while stack:
        node, parents = stack[-1]
        for parent in parents:
            if id(parent) not in seen:
                seen.add(id(parent))
                stack.append((parent, iter(parent._parents)))
                break
        else:
            stack.pop()
            post.append(node)
    post.reverse()
    return post


class Tensor:
    __slots__ = ("data", "grad", "requires_grad", "_parents", "_backward", "_buffer", "__weakref__")
    __array_ufunc__ = None

    def __init__(self, data, requires_grad=False, _parents=(), _backward=None):
        self.data = np.asarray(data, dtype="float64")
        self.grad = None
        self._parents = ()
        self._backward = None
        self._buffer = None
        self.requires_grad = requires_grad
        for parent in _parents:
            if parent.requires_grad:
                self.requires_grad = True
        if self.requires_grad:
            self._parents, self._backward = tuple(_parents), _backward
            if _backward is None:
                # a leaf: its gradient will live here, backward() only switches it on
                self._buffer = np.empty_like(self.data, order="C")

    @property
    def shape(self):
        return self.data.shape

    @property
    def T(self):
        return ops.transpose(self)

    def item(self):
        return self.data.item()

    def zero_grad(self):
        self.grad = None

    def detach(self):
        return Tensor(self.data)

    def __repr__(self):
        return "Tensor(" + np.array2string(self.data, prefix="Tensor(") + ")"

    def _accumulate(self, g):
        if self.grad is None:
            np.copyto(self._buffer, g)
            self.grad = self._buffer
        elif self.grad is self._buffer:
            self._buffer += g
        else:  # somebody put a gradient of their own here: leave their array alone
            self.grad = self.grad + g

    def backward(self, grad=None):
        if not self.requires_grad:
            raise ValueError("backward() needs a tensor that requires a gradient")
        if grad is None:
            if self.data.size != 1:
                raise ValueError("backward() needs grad, because this is not a single number")
            grad = np.ones(self.shape)
        grad = np.array(grad, dtype="float64")
        if grad.shape != self.shape:
            raise ValueError(f"grad has the shape {grad.shape} instead of {self.shape}")

        order = topological_order(self)
        place = {id(node): i for i, node in enumerate(order)}
        arrived = [None] * len(order)
        arrived[0] = grad
        for i, node in enumerate(order):
            g, arrived[i] = arrived[i], None
            if g is None:
                continue
            if node._backward is None:
                node._accumulate(g)
                continue
            for parent, part in zip(node._parents, node._backward(g), strict=True):
                if part is not None and parent.requires_grad:
                    j = place[id(parent)]
                    arrived[j] = part if arrived[j] is None else arrived[j] + part

    def __add__(self, other):
        return ops.add(self, other)

    __radd__ = __add__

    def __mul__(self, other):
        return ops.mul(self, other)

    __rmul__ = __mul__

    def __sub__(self, other):
        return ops.sub(self, other)

    def __rsub__(self, other):
        return ops.sub(other, self)

    def __truediv__(self, other):
        return ops.div(self, other)

    def __rtruediv__(self, other):
        return ops.div(other, self)

    def __pow__(self, other):
        return ops.power(self, other)

    def __rpow__(self, other):
        return ops.power(other, self)

    def __matmul__(self, other):
        return ops.matmul(self, other)

    def __rmatmul__(self, other):
        return ops.matmul(other, self)

    def __neg__(self):
        return ops.neg(self)

    def __getitem__(self, index):
        return ops.getitem(self, index)

    def sum(self, axis=None, keepdims=False):
        return ops.reduce_sum(self, axis=axis, keepdims=keepdims)

    def mean(self, axis=None, keepdims=False):
        return ops.mean(self, axis=axis, keepdims=keepdims)

    def reshape(self, *shape):
        if len(shape) == 1:
            (shape,) = shape
        return ops.reshape(self, shape)

    def transpose(self, *axes):
        if len(axes) == 1:
            (axes,) = axes
        return ops.transpose(self, axes or None)


import tinytorch.ops as ops  # noqa: E402  (it needs Tensor, so it comes last)
