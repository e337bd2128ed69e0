"""Names for a number by which something is too large or too small: "the number of rows", "1 / 2"."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinygrade.diagnosis.arrays import CLOSE

_NUMBERS = (
    *((3.0, "3"), (1 / 3, "1/3"), (4.0, "4"), (0.25, "1/4")),
    *((math.sqrt(2), "sqrt(2)"), (math.sqrt(0.5), "1 / sqrt(2)"), (math.pi, "pi")),
    *((math.log(2), "ln 2"), (1 / math.log(2), "1 / ln 2"), (math.log(10), "ln 10"), (1 / math.log(10), "1 / ln 10")),
)


def name_of(factor: float, arrays: Mapping[str, Any]) -> str:
    """What `factor` is, in terms of the shapes of `arrays`; "" when it is nothing known. The sign is left out."""
    for value, name in _candidates(arrays):
        if value > 0 and value != 1 and math.isclose(abs(factor), value, rel_tol=CLOSE):
            return name
    return ""


def _candidates(arrays: Mapping[str, Any]) -> Iterator[tuple[float, str]]:
    yield from ((2.0, "2"), (0.5, "1/2"))
    counts = list(_counts(arrays))
    for forms in (_plain, _roots):
        for number, name in counts:
            yield from forms(number, name)
    yield from _NUMBERS
    yield from _quotients(counts)
    yield from ((number, name) for count, text in counts for number, name in _others(count, text))


def _plain(number: float, name: str) -> Iterator[tuple[float, str]]:
    yield number, name
    yield 1 / number, f"1 / {name}"


def _roots(number: float, name: str) -> Iterator[tuple[float, str]]:
    yield math.sqrt(number), f"sqrt({name})"
    yield 1 / math.sqrt(number), f"1 / sqrt({name})"


def _others(number: float, name: str) -> Iterator[tuple[float, str]]:
    yield number**2, f"({name}) squared"
    yield 1 / number**2, f"1 / ({name}) squared"
    if number > 1:
        yield number / (number - 1), f"n / (n - 1) with n = {name}"
        yield (number - 1) / number, f"(n - 1) / n with n = {name}"


def _counts(arrays: Mapping[str, Any]) -> Iterator[tuple[float, str]]:
    """Sizes of axes, products of them, and counted entries: each number once, by its simplest name."""
    found: dict[float, str] = {}
    for texts in (_entries, _axes, _products, _counted):
        for label, value in arrays.items():
            shape = np.shape(value) if isinstance(value, np.ndarray | np.generic) else ()
            for number, name in texts(label, shape, value):
                if number > 1:
                    found.setdefault(float(number), name)
    yield from found.items()


def _entries(label: str, shape: tuple[int, ...], _: Any) -> Iterator[tuple[float, str]]:
    yield math.prod(shape), f"the number of entries of {label} ({math.prod(shape)})"


def _axes(label: str, shape: tuple[int, ...], _: Any) -> Iterator[tuple[float, str]]:
    for axis, size in enumerate(shape):
        yield size, f"the size of axis {axis} of {label} ({size})"


def _products(label: str, shape: tuple[int, ...], _: Any) -> Iterator[tuple[float, str]]:
    for start in range(len(shape)):
        for end in range(start + 2, len(shape) + 1):
            size = math.prod(shape[start:end])
            yield size, f"the sizes of axes {start} to {end - 1} of {label} ({size})"


def _counted(label: str, shape: tuple[int, ...], value: Any) -> Iterator[tuple[float, str]]:
    """How many entries of an integer array are not a certain one: targets that count."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iu":
        return
    numbers, counts = np.unique(value, return_counts=True)
    for number, count in zip(numbers, counts, strict=True):
        left = value.size - int(count)
        yield left, f"the number of entries of {label} that are not {number} ({left})"


def _quotients(counts: Sequence[tuple[float, str]]) -> Iterator[tuple[float, str]]:
    """One count divided by another: a mean over the wrong number of things."""
    for above, first in counts:
        for below, second in counts:
            if above != below:
                yield above / below, f"{first} / {second}"


def described(factor: float, arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Evidence for a constant factor: `ratio` and, where it has one, its name as `constant`."""
    name = "1" if abs(factor + 1.0) < CLOSE else name_of(factor, arrays)
    sign = "-" if factor < 0 and name else ""
    return {"ratio": factor, **({"constant": f"{sign}{name}"} if name else {})}


def labelled(names: Sequence[str], inputs: Sequence[Any]) -> dict[str, Any]:
    """The inputs by name, in the order of the call."""
    labels = [names[i] if i < len(names) else f"argument {i + 1}" for i in range(len(inputs))]
    return dict(zip(labels, inputs, strict=True))
