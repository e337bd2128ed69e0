"""Functions with right and wrong backward rules, for the check of a student's own gradient checker.

They stay on the trusted side and are called back (`student.callback`). All inputs are of order 1 and away from
kinks and poles; each wrong rule is off by far more than the error of central differences.

Students have this file at home. So it holds no backward rule: right gradients are derivatives of the function at a
complex step (Squire and Trapp, SIAM Review 40, 1998), exact to rounding, and wrong ones are right ones spoilt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


#: Added to one entry as an imaginary part; so small that its square vanishes.
STEP = 1e-30


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x)
    return e / e.sum()


def moved(f: Callable[..., Any], inputs: Sequence[np.ndarray], i: int, index: tuple[int, ...]) -> np.ndarray:
    """How the output of `f` changes with one entry of input `i`."""
    changed = [np.array(x, dtype=complex) for x in inputs]
    changed[i][index] += 1j * STEP
    return np.asarray(np.imag(f(*changed)) / STEP)


def right(f: Callable[..., Any]) -> Callable[..., tuple[np.ndarray, ...]]:
    """The right backward rule of `f`."""

    def vjp(g: np.ndarray, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        grads = [np.zeros(np.shape(x)) for x in inputs]
        for i, grad in enumerate(grads):
            for index in np.ndindex(grad.shape):
                grad[index] = np.sum(g * moved(f, inputs, i, index))
        return tuple(grads)

    return vjp


#: The functions, and the shapes of their inputs.
FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[Shape, ...]]] = {
    "tanh": (np.tanh, ((4,),)),
    "exp": (np.exp, ((2, 2),)),
    "log": (np.log, ((4,),)),
    "a - b": (np.subtract, ((3,), (3,))),
    "a * b": (np.multiply, ((3,), (3,))),
    "row * b": (np.multiply, ((2, 3), (3,))),
    "mean": (np.mean, ((4,),)),
    "sum": (np.sum, ((3,),)),
    "a @ b": (np.matmul, ((2, 2), (2, 1))),
    "softmax": (softmax, ((4,),)),
}
RIGHT = {name: Rule(f, right(f), shapes) for name, (f, shapes) in FUNCTIONS.items()}


def one_entry_off(g: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    of_a, of_b = RIGHT["a * b"].vjp(g, a, b)
    of_a[-1] += 0.01 * (1 + abs(of_a[-1]))
    return of_a, of_b


def nan_in_one_entry(g: np.ndarray, x: np.ndarray) -> tuple[np.ndarray]:
    (of_x,) = RIGHT["log"].vjp(g, x)
    of_x[0] = np.nan
    return (of_x,)


def writes_into_its_input(g: np.ndarray, x: np.ndarray) -> tuple[np.ndarray]:
    (of_x,) = RIGHT["exp"].vjp(g, x)
    x[...] = np.exp(x)
    return (of_x,)


def own_entries_only(g: np.ndarray, x: np.ndarray) -> tuple[np.ndarray]:
    return (np.array([g[i] * moved(softmax, [x], 0, (i,))[i] for i in range(x.size)]),)


def wrong_sign(g: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    of_a, of_b = RIGHT["a - b"].vjp(g, a, b)
    return of_a, -of_b


#: One of each kind of mistake: the function, what is wrong with the gradient, the rule.
WRONG: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("tanh", "is zero", lambda g, x: (np.zeros_like(x),)),
    ("a - b", "has the wrong sign in its second argument", wrong_sign),
    ("mean", "lacks a constant factor", lambda g, x: (x.size * RIGHT["mean"].vjp(g, x)[0],)),
    (
        "row * b",
        "is not summed over the axis that was broadcast",
        lambda g, x, b: RIGHT["row * b"].vjp(g, x, np.broadcast_to(b, x.shape)),
    ),
    ("softmax", "leaves out how the entries interact", own_entries_only),
    ("softmax", "is wrong where a cotangent of ones sees nothing", lambda g, x: (-RIGHT["softmax"].vjp(g, x)[0],)),
    ("a * b", "is off in a single entry", one_entry_off),
    ("log", "holds a NaN", nan_in_one_entry),
    ("sum", "has another shape than its input", lambda g, x: (np.array(g),)),
    ("a @ b", "is missing for one of the inputs", lambda g, a, b: RIGHT["a @ b"].vjp(g, a, b)[:1]),
    ("exp", "is right, but whose rule writes into its input", writes_into_its_input),
)


def shuffled(rng: np.random.Generator) -> list[Rule]:
    """All wrong rules, and for each of them the right rule of the same function, in random order.

    So whoever recognises a function, or counts, knows no more about its rule than that half of them are wrong.
    """
    rules = [rule for f, wrong, vjp in WRONG for rule in (RIGHT[f], replace(RIGHT[f], vjp=vjp, wrong=wrong))]
    return [rules[i] for i in rng.permutation(len(rules))]
