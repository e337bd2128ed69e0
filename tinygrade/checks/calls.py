"""The calls that a gradient check makes of an operation: shapes and layouts in which mistakes show.

Every function gives a list of `Call` for `gradcheck.calls`; lists may be added up. Inputs are of order one, and drawn
anew for each call by `draw(rng, shape)`; `away_from_zero` and `positive` keep them where an operation is smooth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
Positions = int | Sequence[int]


@dataclass(frozen=True)
class Call:
    """One evaluation of an operation.

    Attributes:
        inputs: positional arguments: arrays and plain data.
        kwargs: keyword arguments.
        label: what is special about it, for the message: "a row broadcasts".
        wrt: positions whose gradient is checked (`(0, 1)`; `((0, 1),)` is one tensor at both); None for those of the
            check.
        layout: how arrays lie in memory: "C", "F" (columns first) or "strided" (gaps between the entries).
    """

    inputs: Sequence[Any]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    wrt: Sequence[Positions] | None = None
    layout: Literal["C", "F", "strided"] = "C"


# ---- draws -----------------------------------------------------------------------------------------


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(rng.standard_normal(shape))


def positive(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """In 0.5 .. 2: for logarithms, powers and divisors."""
    return np.asarray(rng.uniform(0.5, 2.0, shape))


def away_from_zero(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """0.1 .. 2 on either side: for functions with a kink at 0, and divisors of either sign."""
    return np.asarray(rng.uniform(0.1, 2.0, shape) * rng.choice([-1.0, 1.0], shape))


# ---- calls -----------------------------------------------------------------------------------------


def elementwise(rng: np.random.Generator, inputs: int = 1, draw: Draw = normal) -> list[Call]:
    """`inputs` arrays of one shape: rectangular, square, 0-d, with axes of size one, a batch, and not contiguous."""
    shapes: dict[str, tuple[int, ...]] = {
        "": (2, 3),
        "square": (3, 3),
        "a single number": (),
        "one axis": (4,),
        "axes of size one": (1, 3, 1),
        "a batch": (2, 3, 4),
    }
    made = [Call([draw(rng, shape) for _ in range(inputs)], label=label) for label, shape in shapes.items()]
    return made + noncontiguous([Call([draw(rng, (3, 4)) for _ in range(inputs)])])


def broadcasting(rng: np.random.Generator, draw: Draw = normal) -> list[Call]:
    """Two arrays whose shapes differ and broadcast, each way round."""
    shapes: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
        "a row broadcasts": ((4, 3), (3,)),
        "a row broadcasts on the left": ((3,), (4, 3)),
        "an axis of size one in front broadcasts": ((4, 3), (1, 3)),
        "an axis of size one at the end broadcasts": ((4, 3), (4, 1)),
        "a column broadcasts on the left": ((4, 1), (4, 3)),
        "a single number broadcasts": ((2, 3), ()),
        "an array of one number broadcasts": ((2, 3), (1,)),
        "both sides broadcast": ((4, 1), (1, 3)),
        "an axis in the middle broadcasts": ((2, 4, 3), (2, 1, 3)),
        "a matrix broadcasts over a batch": ((2, 3, 4), (3, 1)),
        "two axes of the same size, one broadcasts": ((3, 3), (3, 1)),
    }
    return [Call([draw(rng, left), draw(rng, right)], label=label) for label, (left, right) in shapes.items()]


def reuse(rng: np.random.Generator, draw: Draw = normal, *, square: bool = False) -> list[Call]:
    """One tensor as both operands; `square` where only square ones fit, as in a matrix product."""
    shapes = [(3, 3)] if square else [(2, 3), (3, 3)]
    made = []
    for shape in shapes:
        x = draw(rng, shape)
        made.append(Call([x, x], label="one tensor twice", wrt=((0, 1),)))
    return made


def matrices(rng: np.random.Generator, draw: Draw = normal, *, batched: bool = False) -> list[Call]:
    """Operands of a matrix product: rectangular, square, sizes of one, not contiguous; `batched` adds more axes."""
    shapes: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
        "": ((2, 3), (3, 4)),
        "square": ((3, 3), (3, 3)),
        "a row by a matrix": ((1, 3), (3, 2)),
        "a column by a row": ((3, 1), (1, 4)),
    }
    if batched:
        shapes |= {
            "a batch": ((2, 3, 4), (2, 4, 5)),
            "a batch of square ones": ((3, 3, 3), (3, 3, 3)),
            "one matrix for a batch": ((2, 3, 4), (4, 5)),
            "a batch that broadcasts": ((2, 1, 3, 4), (5, 4, 2)),
        }
    made = [Call([draw(rng, left), draw(rng, right)], label=label) for label, (left, right) in shapes.items()]
    return made + noncontiguous(made[:1])


def indexed(rng: np.random.Generator, rows: int = 5, width: int = 3, draw: Draw = normal) -> list[Call]:
    """A table and the rows that are picked: different ones, repeated ones, all the same, on two axes."""
    ids = {
        "different rows": rng.permutation(rows)[: rows - 1],
        "a row is picked twice": np.array([0, 2, 2, 1, 2]) % rows,
        "one row is picked always": np.full(3, 1),
        "ids on two axes": np.array([[0, 1, 1], [1, 3, 0]]) % rows,
        "a single row": np.array([rows - 1]),
    }
    return [Call([draw(rng, (rows, width)), picked], label=label) for label, picked in ids.items()]


def permuted(rng: np.random.Generator, argument: str = "axes", draw: Draw = normal) -> list[Call]:
    """Permutations of axes, given as the keyword `argument`: swaps, cycles, negative numbers, square sizes."""
    orders: list[tuple[tuple[int, ...], tuple[int, ...] | None]] = [
        *(((2, 3, 4), axes) for axes in ((1, 2, 0), (2, 0, 1), (0, 2, 1), (-1, 0, -2))),
        *(((3, 3, 3), (1, 2, 0)), ((3, 3), (1, 0)), ((2, 1, 3, 2), (0, 2, 1, 3)), ((2, 3), None)),
    ]
    made = []
    for shape, axes in orders:
        kwargs = {} if axes is None else {argument: axes}
        label = f"{argument}={axes}" + (" of equal sizes" if shape in ((3, 3), (3, 3, 3)) else "")
        made.append(Call([draw(rng, shape)], kwargs, label if axes else "all axes reversed"))
    return made


def reduced(rng: np.random.Generator, argument: str = "axis", draw: Draw = normal) -> list[Call]:
    """Reductions over the keyword `argument`: each axis, several, all; kept or not; square sizes, a size of one."""
    wanted: list[tuple[tuple[int, ...], dict[str, Any]]] = [
        ((2, 3), {}),
        *(((2, 3, 4), {argument: axis}) for axis in (0, 1, -1, (0, 2))),
        *(((3, 3), {argument: axis}) for axis in (0, 1)),
        *(((2, 3), {argument: axis, "keepdims": True}) for axis in (0, 1, None)),
        ((1, 3), {argument: 0}),
    ]
    made = []
    for shape, kwargs in wanted:
        label = ", ".join(f"{key}={value}" for key, value in kwargs.items())
        made.append(Call([draw(rng, shape)], kwargs, label + (" of a square" if shape == (3, 3) else "")))
    return made


def noncontiguous(calls: Sequence[Call]) -> list[Call]:
    """The same inputs, laid out in memory in other ways."""
    made = []
    for call in calls:
        label = f"{call.label}, not contiguous".removeprefix(", ")
        made += [replace(call, label=label, layout="F"), replace(call, label=label, layout="strided")]
    return made


def without_ties(calls: Sequence[Call], margin: float = 0.05) -> list[Call]:
    """Move the first input away from the second where they are closer than `margin`: a maximum has a kink there.

    Works for inputs that broadcast: whole slices are moved by multiples of three margins, until no pair is close.
    """
    made = []
    for call in calls:
        first, second = call.inputs[0], call.inputs[1]
        for attempt in range(1, 100):
            if np.min(np.abs(first - second), initial=np.inf) > margin:
                break
            first = call.inputs[0] + 3 * margin * attempt * np.sign(call.inputs[0] + 1e-9)
        made.append(replace(call, inputs=[first, *call.inputs[1:]]))
    return made
