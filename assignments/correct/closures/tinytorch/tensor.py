"""Tensor = data + parents + a closure that knows how to send gradients to the parents."""

import numpy as np


def unbroadcast(g, shape):
    """Sum g over the axes that broadcasting made."""
    g = np.asarray(g)
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    stretched = [i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1]
    for i in stretched:
        g = g.sum(axis=i, keepdims=True)
    return g


def topological_order(root):
    """Kahn: count how often everybody is used, hand out whoever has no open consumer."""
    uses = {id(root): 0}
    todo = [root]
    while todo:
        t = todo.pop()
        for p in t._parents:
            if id(p) not in uses:
                uses[id(p)] = 0
                todo.append(p)
            uses[id(p)] += 1
    order, ready = [], [root]
    while ready:
        t = ready.pop()
        order.append(t)
        for p in t._parents:
            uses[id(p)] -= 1
            if uses[id(p)] == 0:
                ready.append(p)
    return order


class Tensor:
    __array_ufunc__ = None  # so that array * tensor comes to __rmul__

    def __init__(self, data, requires_grad=False, _parents=(), _backward=None):
        if isinstance(data, Tensor):
            data = data.data
        self.data = np.asarray(data, dtype=np.float64)
        self.grad = None
        self.requires_grad = bool(requires_grad) or any(p.requires_grad for p in _parents)
        self._parents = tuple(_parents) if self.requires_grad else ()
        self._backward = _backward
        self._flow = None  # gradient that is on its way, only used inside backward()

    # --- little things

    @property
    def shape(self):
        return self.data.shape

    @property
    def ndim(self):
        return self.data.ndim

    def __len__(self):
        return len(self.data)

    def item(self):
        return self.data.item()

    def zero_grad(self):
        self.grad = None

    def detach(self):
        return Tensor(self.data)

    def __repr__(self):
        return f"Tensor(shape={self.shape}, data={self.data})"

    # --- the engine

    def backward(self, grad=None):
        if not self.requires_grad:
            raise ValueError("nothing here requires a gradient")
        if grad is None:
            if self.data.size != 1:
                raise ValueError("backward() without grad works only for one number")
            grad = np.ones(self.shape)
        grad = np.asarray(grad, dtype=np.float64)
        if grad.shape != self.shape:
            raise ValueError(f"grad is {grad.shape}, I am {self.shape}")

        order = [t for t in topological_order(self) if t.requires_grad]
        for t in order:
            t._flow = None
        self._flow = grad
        for t in order:
            g, t._flow = t._flow, None
            if g is None:
                continue
            if not t._parents:
                t.grad = np.array(g) if t.grad is None else t.grad + g
                continue
            for p, gp in zip(t._parents, t._backward(g), strict=True):
                if gp is not None and p.requires_grad:
                    p._flow = gp if p._flow is None else p._flow + gp

    # --- operators

    def __add__(self, other):
        return _ops().add(self, other)

    def __radd__(self, other):
        return _ops().add(other, self)

    def __sub__(self, other):
        return _ops().sub(self, other)

    def __rsub__(self, other):
        return _ops().sub(other, self)

    def __mul__(self, other):
        return _ops().mul(self, other)

    def __rmul__(self, other):
        return _ops().mul(other, self)

    def __truediv__(self, other):
        return _ops().div(self, other)

    def __rtruediv__(self, other):
        return _ops().div(other, self)

    def __pow__(self, other):
        return _ops().power(self, other)

    def __rpow__(self, other):
        return _ops().power(other, self)

    def __matmul__(self, other):
        return _ops().matmul(self, other)

    def __rmatmul__(self, other):
        return _ops().matmul(other, self)

    def __neg__(self):
        return _ops().neg(self)

    def __getitem__(self, index):
        return _ops().getitem(self, index)

    def sum(self, axis=None, keepdims=False):
        return _ops().reduce_sum(self, axis, keepdims)

    def mean(self, axis=None, keepdims=False):
        return _ops().mean(self, axis, keepdims)

    def reshape(self, *shape):
        return _ops().reshape(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes):
        if not axes:
            return _ops().transpose(self)
        return _ops().transpose(self, axes[0] if len(axes) == 1 else axes)


def _ops():
    from . import ops  # ops imports this file, so not at the top

    return ops
