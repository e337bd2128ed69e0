"""Functions with right and wrong backward rules, for the check of a student's own gradient checker.

They stay on the trusted side and are called back (`student.callback`). All inputs are of order 1 and away from
kinks and poles; each wrong rule is off by far more than the error of central differences.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Rule:
    """A function, a backward rule for it, and what is wrong with that ("" when it is right)."""

    f: Callable[..., Any]
    #: vjp(cotangent, *inputs) -> one gradient per input
    vjp: Callable[..., Any]
    shapes: tuple[Shape, ...]
    wrong: str = ""

    @property
    def output_shape(self) -> Shape:
        return np.shape(self.f(*(np.ones(shape) for shape in self.shapes)))

    def draw(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Inputs between 0.5 and 1.5, where every function here is smooth."""
        return [np.asarray(rng.uniform(0.5, 1.5, shape)) for shape in self.shapes]


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max())
    return e / e.sum()


def softmax_vjp(g: np.ndarray, x: np.ndarray) -> tuple[np.ndarray]:
    y = softmax(x)
    return (y * (g - np.sum(g * y)),)


RIGHT = {
    "tanh": Rule(np.tanh, lambda g, x: (g * (1 - np.tanh(x) ** 2),), ((4,),)),
    "exp": Rule(np.exp, lambda g, x: (g * np.exp(x),), ((2, 2),)),
    "log": Rule(np.log, lambda g, x: (g / x,), ((4,),)),
    "a - b": Rule(np.subtract, lambda g, a, b: (g, -g), ((3,), (3,))),
    "a * b": Rule(np.multiply, lambda g, a, b: (g * b, g * a), ((3,), (3,))),
    "row * b": Rule(np.multiply, lambda g, x, b: (g * b, (g * x).sum(0)), ((2, 3), (3,))),
    "mean": Rule(np.mean, lambda g, x: (np.full(x.shape, g / x.size),), ((4,),)),
    "sum": Rule(np.sum, lambda g, x: (np.full(x.shape, g),), ((3,),)),
    "a @ b": Rule(np.matmul, lambda g, a, b: (g @ b.T, a.T @ g), ((2, 2), (2, 1))),
    "softmax": Rule(softmax, softmax_vjp, ((4,),)),
}


def one_entry_off(g: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    right = g * b
    right[-1] += 0.01 * (1 + abs(right[-1]))
    return right, g * a


def nan_in_one_entry(g: np.ndarray, x: np.ndarray) -> tuple[np.ndarray]:
    right = g / x
    right[0] = np.nan
    return (right,)


def writes_into_its_input(g: np.ndarray, x: np.ndarray) -> tuple[np.ndarray]:
    x[...] = np.exp(x)
    return (g * x,)


#: One of each kind of mistake: the function, what is wrong with the gradient, the rule.
WRONG: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("tanh", "is zero", lambda g, x: (np.zeros_like(x),)),
    ("a - b", "has the wrong sign in its second argument", lambda g, a, b: (g, g)),
    ("mean", "lacks a constant factor", lambda g, x: (np.full(x.shape, g),)),
    ("row * b", "is not summed over the axis that was broadcast", lambda g, x, b: (g * b, g * x)),
    ("softmax", "leaves out how the entries interact", lambda g, x: (g * softmax(x) * (1 - softmax(x)),)),
    ("softmax", "is wrong where a cotangent of ones sees nothing", lambda g, x: (-softmax_vjp(g, x)[0],)),
    ("a * b", "is off in a single entry", one_entry_off),
    ("log", "holds a NaN", nan_in_one_entry),
    ("sum", "has another shape than its input", lambda g, x: (np.array(g),)),
    ("a @ b", "is missing for one of the inputs", lambda g, a, b: (g @ b.T,)),
    ("exp", "is right, but whose rule writes into its input", writes_into_its_input),
)


def shuffled(rng: np.random.Generator) -> list[Rule]:
    """All wrong rules, and for each of them the right rule of the same function, in random order.

    So whoever recognises a function, or counts, knows no more about its rule than that half of them are wrong.
    """
    rules = [rule for f, wrong, vjp in WRONG for rule in (RIGHT[f], replace(RIGHT[f], vjp=vjp, wrong=wrong))]
    return [rules[i] for i in rng.permutation(len(rules))]
