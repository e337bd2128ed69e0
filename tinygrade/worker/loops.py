"""Long loops over a student's package in one request: a chain of operations, a small training, many verdicts.

Like `routines`, they run on both sides: in the worker on the student's objects, in the trusted process on the
reference's. Whatever they return is data, to be compared on the trusted side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .steps import attributes, called, fit, listed, trajectory, within
from .surface import Surface


def chain(surface: Surface, x: np.ndarray, length: int, cotangent: np.ndarray) -> Any:
    """Add 1 to x `length` times, in nodes that are made here, and pull `cotangent` back through all of them.

    Returns:
        `output`: the last result's array; `gradient`: that of x.
    """
    node = leaf = surface.leaf(np.array(x))
    for _ in range(length):
        node = surface.tensor(node.data + 1.0, _parents=(node,), _backward=lambda g: (g,))
    node.backward(np.array(cotangent))
    return {"output": surface.data(node), "gradient": surface.gradient(leaf)}


def descend(
    surface: Surface, ops: Any, x: np.ndarray, y: np.ndarray, weights: Sequence[np.ndarray], lr: float, steps: int
) -> list[float]:
    """Losses of an MLP with one hidden layer of tanh, before each step of plain gradient descent.

    Args:
        ops: the module of operations; it is called by name, so that given parts are used.
        x, y: inputs (N, in) and targets (N, out); the loss is the mean squared error.
        weights: (in, hidden), (hidden,), (hidden, out), (out,).
    """
    inputs, targets = surface.tensor(np.array(x)), surface.tensor(np.array(y))
    parameters = [surface.tensor(np.array(weight), requires_grad=True) for weight in weights]
    w1, b1, w2, b2 = parameters
    losses = []
    for _ in range(steps):
        hidden = ops.tanh(ops.add(ops.matmul(inputs, w1), b1))
        error = ops.sub(ops.add(ops.matmul(hidden, w2), b2), targets)
        loss = ops.mean(ops.power(error, 2.0))
        losses.append(float(loss.data))
        for parameter in parameters:
            parameter.zero_grad()
        loss.backward()
        for parameter in parameters:
            parameter.data = parameter.data - lr * parameter.grad
    return losses


def verdicts(surface: Surface, judge: Any, functions: Sequence[Any], inputs: Sequence[Any], rng: Any) -> list[Any]:
    """What a gradient checker says about each rule: True, False, or a text about what it did instead.

    Args:
        functions: for n inputs, n functions and then their n backward rules.

    Raises:
        NotImplementedError: `judge` is a stub.
        MemoryError: there is none left.
    """
    rules = zip(functions[: len(inputs)], functions[len(inputs) :], inputs, strict=True)
    return [_verdict(judge, (f, vjp, arrays, rng)) for f, vjp, arrays in rules]


def _verdict(judge: Any, call: Sequence[Any]) -> bool | str:
    try:
        said = judge(*call)
    except (NotImplementedError, MemoryError):
        raise
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:300]
    if isinstance(said, bool | np.bool_):
        return bool(said)
    return f"returned a value of type {type(said).__name__}"[:300]


#: What the trusted side may ask for by name.
LOOPS: dict[str, Callable[..., Any]] = {
    f.__name__: f for f in (chain, descend, verdicts, listed, attributes, called, trajectory, fit, within)
}
