import numpy as np


class Tensor:
    """An array with a memory of where it came from."""

    __array_ufunc__ = None

    def __init__(self, data, requires_grad=False, _parents=(), _backward=None):
        if isinstance(data, Tensor):
            data = data.data
        self.data = np.asarray(data).astype(np.float64, copy=False)
        self.grad = None
        self.requires_grad = requires_grad
        self._parents = ()
        self._backward = None
        self._depth = 0  # longest way to a leaf: whoever uses me is deeper than I am
        for p in _parents:
            if p.requires_grad:
                self.requires_grad = True
        if self.requires_grad:
            self._parents = tuple(_parents)
            self._backward = _backward
            for p in _parents:
                if p._depth >= self._depth:
                    self._depth = p._depth + 1

    @property
    def shape(self):
        return self.data.shape

    def item(self):
        return self.data.item()

    def zero_grad(self):
        self.grad = None

    def detach(self):
        return Tensor(self.data)

    def __repr__(self):
        return "Tensor " + str(self.data.tolist())

    def backward(self, grad=None):
        if not self.requires_grad:
            raise ValueError("there is nothing to differentiate")
        if grad is None:
            if self.data.size != 1:
                raise ValueError("give me a gradient, I am not a scalar")
            grad = np.ones(self.shape)
        grad = np.array(grad, dtype=np.float64)
        if grad.shape != self.shape:
            raise ValueError("the gradient has the wrong shape")

        collected = {id(self): grad}
        for t in topological_order(self):
            if id(t) not in collected:
                continue
            g = collected.pop(id(t))
            if t._backward is None:
                # a leaf
                if t.grad is None:
                    t.grad = np.array(g)
                else:
                    t.grad = t.grad + g
            else:
                gradients = t._backward(g)
                for i in range(len(t._parents)):
                    p = t._parents[i]
                    if gradients[i] is None or not p.requires_grad:
                        continue
                    if id(p) in collected:
                        collected[id(p)] = collected[id(p)] + gradients[i]
                    else:
                        collected[id(p)] = gradients[i]

    def __add__(self, other):
        from . import ops

        return ops.add(self, other)

    def __radd__(self, other):
        from . import ops

        return ops.add(other, self)

    def __sub__(self, other):
        from . import ops

        return ops.sub(self, other)

    def __rsub__(self, other):
        from . import ops

        return ops.sub(other, self)

    def __mul__(self, other):
        from . import ops

        return ops.mul(self, other)

    def __rmul__(self, other):
        from . import ops

        return ops.mul(other, self)

    def __truediv__(self, other):
        from . import ops

        return ops.div(self, other)

    def __rtruediv__(self, other):
        from . import ops

        return ops.div(other, self)

    def __pow__(self, other):
        from . import ops

        return ops.power(self, other)

    def __rpow__(self, other):
        from . import ops

        return ops.power(other, self)

    def __matmul__(self, other):
        from . import ops

        return ops.matmul(self, other)

    def __rmatmul__(self, other):
        from . import ops

        return ops.matmul(other, self)

    def __neg__(self):
        from . import ops

        return ops.neg(self)

    def __getitem__(self, index):
        from . import ops

        return ops.getitem(self, index)

    def sum(self, axis=None, keepdims=False):
        from . import ops

        return ops.reduce_sum(self, axis, keepdims)

    def mean(self, axis=None, keepdims=False):
        from . import ops

        return ops.mean(self, axis, keepdims)

    def reshape(self, *shape):
        from . import ops

        if len(shape) == 1:
            shape = shape[0]
        return ops.reshape(self, shape)

    def transpose(self, *axes):
        from . import ops

        if len(axes) == 0:
            return ops.transpose(self)
        if len(axes) == 1:
            axes = axes[0]
        return ops.transpose(self, axes)


def topological_order(root):
    """The deepest tensor first. A tensor is always deeper than its parents."""
    by_depth = {}
    seen = set()
    todo = [root]
    while len(todo) > 0:
        t = todo.pop()
        if id(t) in seen:
            continue
        seen.add(id(t))
        by_depth.setdefault(t._depth, []).append(t)
        for p in t._parents:
            todo.append(p)
    order = []
    for depth in sorted(by_depth, reverse=True):
        for t in by_depth[depth]:
            order.append(t)
    return order


def unbroadcast(g, shape):
    g = np.asarray(g)
    while len(g.shape) > len(shape):
        g = g.sum(axis=0)
    for axis in range(len(shape)):
        if shape[axis] == 1 and g.shape[axis] > 1:
            g = g.sum(axis=axis, keepdims=True)
    if g.shape != tuple(shape):  # an axis of length 0 was 1 before
        g = np.zeros(shape) + g.sum()
    return g
