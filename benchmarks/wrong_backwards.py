"""Operations with right and wrong backwards, on which gradient checkers are tried.

Used by the tests of our own check and by `gradient_checkers.py`, which compares it with others.
"""

import numpy as np

from tinygrade.worker.evaluations import vjps
from tinygrade.worker.surface import Surface


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def normed(x):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)


def softmax_back(g, x):
    p = softmax(x)
    return (p * (g - (g * p).sum(-1, keepdims=True)),)


def normed_back(g, x):
    n, rstd = normed(x), 1 / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    return (rstd * (g - g.mean(-1, keepdims=True) - n * (g * n).mean(-1, keepdims=True)),)


def losses(x):
    """Mean cross entropy with the first columns as targets."""
    return -np.log(softmax(x)[np.arange(len(x)), np.arange(len(x))]).mean()


def loss_back(g, x):
    return (g * (softmax(x) - np.eye(*x.shape)) / len(x),)


PICKED = np.array([0, 2, 2, 1, 2])


def pick_back(g, x):
    dx = np.zeros_like(x)
    np.add.at(dx, PICKED, g)
    return (dx,)


def overwritten(g, x):
    dx = np.zeros_like(x)
    dx[PICKED] = g
    return (dx,)


def gelu(x):
    return 0.5 * x * (1 + np.tanh(0.8 * x))


def gelu_back(g, x):
    t = np.tanh(0.8 * x)
    return (g * (0.5 * (1 + t) + 0.4 * x * (1 - t * t)),)


def entry_off(rule, by):
    def wrong(g, *xs):
        first, *others = rule(g, *xs)
        first = np.array(first)
        first.flat[first.size // 2] += by
        return (first, *others)

    return wrong


def scaled(rule, by):
    return lambda g, *xs: tuple(by * dx for dx in rule(g, *xs))


#: name -> forward, backward, shapes of the inputs.
OPS = {
    "exp": (np.exp, lambda g, x: (g * np.exp(x),), [(3, 4)]),
    "mul": (lambda a, b: a * b, lambda g, a, b: (g * b, g * a), [(2, 3), (2, 3)]),
    "sub": (lambda a, b: a - b, lambda g, a, b: (g, -g), [(2, 3), (2, 3)]),
    "div": (lambda a, b: a / b, lambda g, a, b: (g / b, -g * a / b**2), [(3,), (3,)]),
    "matmul": (lambda a, b: a @ b, lambda g, a, b: (g @ b.T, a.T @ g), [(3, 3), (3, 3)]),
    "rectangular matmul": (lambda a, b: a @ b, lambda g, a, b: (g @ b.T, a.T @ g), [(2, 3), (3, 4)]),
    "add row": (lambda a, b: a + b, lambda g, a, b: (g, g.sum(0)), [(4, 3), (3,)]),
    "sum": (np.sum, lambda g, x: (np.full(x.shape, g),), [(2, 3)]),
    "mean": (lambda x: x.mean(-1), lambda g, x: (np.repeat(g[:, None], 3, 1) / 3,), [(2, 3)]),
    "transpose": (np.transpose, lambda g, x: (g.T,), [(3, 3)]),
    "relu": (lambda x: np.maximum(x, 0), lambda g, x: (g * (x > 0),), [(4, 4)]),
    "gelu": (gelu, gelu_back, [(3, 4)]),
    "softmax": (softmax, softmax_back, [(3, 4)]),
    "layer norm": (normed, normed_back, [(3, 5)]),
    "cross entropy": (losses, loss_back, [(3, 5)]),
    "embedding": (lambda x: x[PICKED], pick_back, [(3, 2)]),
    "scalar": (lambda x: x * x, lambda g, x: (2 * g * x,), [()]),
    "0-d output": (lambda x: (x**2).sum(), lambda g, x: (2 * g * x,), [(3, 4)]),
    "bias without effect": (
        lambda x, b: softmax(x + b),
        lambda g, x, b: (softmax_back(g, x)[0], 0.0 * b),
        [(3, 4), ()],
    ),
}
#: name of the mistake -> op, wrong backward.
WRONG = {
    "zero": ("exp", lambda g, x: (np.zeros_like(x),)),
    "zero softmax": ("softmax", lambda g, x: (np.zeros_like(x),)),
    "sign": ("exp", lambda g, x: (-g * np.exp(x),)),
    "sign of the second": ("sub", lambda g, a, b: (g, g)),
    "factor 2": ("exp", lambda g, x: (2 * g * np.exp(x),)),
    "factor missing": ("scalar", lambda g, x: (g * x,)),
    "ones instead of g": ("exp", lambda g, x: (np.exp(x),)),
    "ones from a sum": ("sum", lambda g, x: (np.ones_like(x),)),
    "mean of g": ("exp", lambda g, x: (g.mean() * np.exp(x),)),
    "g passed on": ("exp", lambda g, x: (g,)),
    "inputs swapped": ("mul", lambda g, a, b: (g * a, g * b)),
    "gradient of the first only": ("mul", lambda g, a, b: (g * b, np.zeros_like(b))),
    "square missing": ("div", lambda g, a, b: (g / b, -g * a / b)),
    "transposed": ("transpose", lambda g, x: (g,)),
    "matmul not transposed": ("matmul", lambda g, a, b: (g @ b, a @ g)),
    "matmul result transposed": ("matmul", lambda g, a, b: ((g @ b.T).T, a.T @ g)),
    "broadcasting averaged": ("add row", lambda g, a, b: (g, g.mean(0))),
    "broadcasting: the last row": ("add row", lambda g, a, b: (g, g[-1])),
    "broadcasting forgotten": ("add row", lambda g, a, b: (g, g)),
    "un-normalised mean": ("mean", lambda g, x: (np.repeat(g[:, None], 3, 1),)),
    "mean of the wrong axis": ("mean", lambda g, x: (np.repeat(g[:, None], 3, 1) / 2,)),
    "relu of g": ("relu", lambda g, x: (np.maximum(g, 0),)),
    "relu passes everything": ("relu", lambda g, x: (g,)),
    "relu of the other side": ("relu", lambda g, x: (g * (x < 0),)),
    "gelu without product rule": ("gelu", lambda g, x: (g * 0.5 * (1 + np.tanh(0.8 * x)),)),
    "diagonal-only softmax": ("softmax", lambda g, x: (g * softmax(x) * (1 - softmax(x)),)),
    "softmax over the wrong axis": ("softmax", lambda g, x: (softmax(x) * (g - (g * softmax(x)).sum(0)),)),
    "softmax without the factor": ("softmax", lambda g, x: (g - (g * softmax(x)).sum(-1, keepdims=True),)),
    "norm without centering": (
        "layer norm",
        lambda g, x: (
            (g - normed(x) * (g * normed(x)).mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5),
        ),
    ),
    "norm without the variance": (
        "layer norm",
        lambda g, x: ((g - g.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5),),
    ),
    "norm without epsilon": (
        "layer norm",
        lambda g, x: (
            normed_back(g, x)[0] * np.sqrt(x.var(-1, keepdims=True) + 1e-5) / np.sqrt(x.var(-1, keepdims=True)),
        ),
    ),
    "norm un-normalised": (
        "layer norm",
        lambda g, x: (normed_back(g, x)[0] * np.sqrt(x.var(-1, keepdims=True) + 1e-5),),
    ),
    "loss not averaged": ("cross entropy", lambda g, x: (g * (softmax(x) - np.eye(*x.shape)),)),
    "loss without targets": ("cross entropy", lambda g, x: (g * softmax(x) / len(x),)),
    "loss ignores g": ("cross entropy", lambda g, x: ((softmax(x) - np.eye(*x.shape)) / len(x),)),
    "repeated index overwritten": ("embedding", overwritten),
    "repeated index counted once": ("embedding", lambda g, x: (pick_back(g, x)[0] / np.array([[1], [1], [3]]),)),
    "one entry off by 1e-3": ("exp", entry_off(OPS["exp"][1], 1e-3)),
    "one entry off by 1e-5": ("softmax", entry_off(softmax_back, 1e-5)),
    "1 % too large": ("layer norm", scaled(normed_back, 1.01)),
    "1e-5 too small": ("gelu", scaled(gelu_back, 1 - 1e-5)),
    "half precision": ("exp", lambda g, x: ((np.float16(g) * np.exp(np.float16(x))).astype(np.float64),)),
    "NaN": ("exp", lambda g, x: (np.full(x.shape, np.nan),)),
    "one NaN": ("exp", entry_off(OPS["exp"][1], np.nan)),
    "infinity": ("exp", entry_off(OPS["exp"][1], np.inf)),
    "overflow": ("exp", lambda g, x: (np.full(x.shape, 1.7e308),)),
    "None": ("exp", lambda g, x: (None,)),
    "None for the second": ("mul", lambda g, a, b: (g * b, None)),
    "too few": ("mul", lambda g, a, b: (g * b,)),
    "wrong shape": ("exp", lambda g, x: ((g * np.exp(x)).reshape(-1),)),
    "one axis more": ("exp", lambda g, x: ((g * np.exp(x))[None],)),
    "broadcastable shape": ("sum", lambda g, x: (np.array(g),)),
    "summed to a number": ("exp", lambda g, x: (float((g * np.exp(x)).sum()),)),
    "a list": ("exp", lambda g, x: ((g * np.exp(x)).tolist(),)),
    "integers": ("exp", lambda g, x: ((g * np.exp(x)).astype(np.int64),)),
    "text": ("exp", lambda g, x: ("gradient",)),
    "a bias that has no effect gets one": (
        "bias without effect",
        lambda g, x, b: (softmax_back(g, x)[0], b * 0 + 1e-3),
    ),
    "0-d output, ones": ("0-d output", lambda g, x: (2 * x,)),
}


class Node:
    """A tensor of a package with one operation, whose backward is `rule`."""

    def __init__(self, data, requires_grad=False, parents=(), rule=None):
        self.data, self.grad, self.parents, self.rule = data, None, parents, rule

    def backward(self, g):
        arrays = [parent.data if isinstance(parent, Node) else parent for parent in self.parents]
        grads = self.rule(g, *arrays)
        for i, parent in enumerate(self.parents):
            if isinstance(parent, Node) and i < len(grads):
                parent.grad = np.array(grads[i]) if isinstance(grads[i], np.ndarray) else grads[i]


class Library:
    """What the check needs of a package, with one function: its forward and its backward."""

    def __init__(self, forward, backward):
        self.surface = Surface(lambda: Node, [])
        self.rule = lambda g, *xs: self.cotangents.append(g.copy()) or backward(g, *xs)
        self.function = forward
        self.cotangents = []

    def forward(self, *inputs, **kwargs):
        value = self.function(*(x.data if isinstance(x, Node) else x for x in inputs), **kwargs)
        return Node(value, parents=inputs, rule=self.rule)

    def vjps(self, f, calls):
        return vjps(self.surface, f, calls)
