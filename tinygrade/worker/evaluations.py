"""Evaluate one function of an autograd package many times in one request, and send back all there is to see.

Nothing is judged here: what happened to the inputs, whether a second evaluation gives the same, and whether two
gradients share memory is told by arrays that the trusted side compares, never by a word of this side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .programs import compiled
from .surface import Surface, unwrap


def vjps(surface: Surface, f: Any, calls: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each of `calls` (arguments of `evaluate`) of a function or a program (arguments of `compiled`)."""
    function = compiled(**f) if type(f) is dict else f
    return [evaluate(surface, function, **call) for call in calls]


def evaluate(
    surface: Surface,
    f: Callable[..., Any],
    inputs: Sequence[Any],
    wrt: Sequence[Sequence[int]],
    kwargs: Mapping[str, Any],
    cotangent: np.ndarray | None = None,
    marks: Sequence[float] | None = None,
    layout: str = "C",
) -> dict[str, Any]:
    """Value and gradients of `f(*inputs, **kwargs)`.

    Args:
        inputs: plain data.
        wrt: per tensor the positions where it stands: `[[0], [1]]`, or `[[0, 1]]` for one tensor at both.
        cotangent: what is pulled back; None for the value alone.
        marks: one number per tensor: evaluate once more, and write each number into its gradient at the end.
        layout: how arrays lie in memory: see `laid_out`.

    Returns:
        `output` and `grads` (None without a cotangent, or where it does not fit the output); with `marks` also
        `again`, the same from a second evaluation; `after`, all arrays (`inputs`, `output`, `cotangent`, `grads`) as
        they are after the backward; and `marked`, the same when the numbers have been written.
    """
    first = _Evaluation(surface, f, inputs, wrt, kwargs, cotangent, layout)
    result: dict[str, Any] = {"output": first.value, "grads": first.gradients()}
    if marks is not None:
        again = _Evaluation(surface, f, inputs, wrt, kwargs, cotangent, layout)
        result["again"] = {"output": again.value, "grads": again.gradients()}
        result["after"] = copied(first.state())
        first.mark(marks)
        result["marked"] = first.state()
    return result


class _Evaluation:
    """One forward and, where the cotangent fits, one backward."""

    def __init__(
        self,
        surface: Surface,
        f: Callable[..., Any],
        inputs: Sequence[Any],
        wrt: Sequence[Sequence[int]],
        kwargs: Mapping[str, Any],
        cotangent: np.ndarray | None,
        layout: str,
    ) -> None:
        self._surface = surface
        self._args = [laid_out(value, layout) for value in inputs]
        self._leaves = []
        for positions in wrt:
            leaf = surface.leaf(self._args[positions[0]])
            self._leaves.append(leaf)
            for position in positions:
                self._args[position] = leaf
        self._output = f(*self._args, **kwargs)
        self.value = copied(unwrap(surface, self._output))
        self._cotangent: Any = None
        if cotangent is not None and np.shape(self.value) == cotangent.shape:
            if not surface.is_tensor(self._output):
                raise TypeError(f"returned {type(self._output).__name__}, expected {surface.tensor.__name__}")
            self._cotangent = laid_out(cotangent, layout)
            surface.pull_back(self._output, self._cotangent)

    def gradients(self) -> list[Any] | None:
        """Copies, so that what is written into one later cannot change another."""
        if self._cotangent is None:
            return None
        return [copied(gradient) for gradient in self._gradients()]

    def mark(self, marks: Sequence[float]) -> None:
        """Write into each gradient in turn: memory that is shared shows it."""
        for gradient, number in zip(self._gradients(), marks, strict=True):
            if type(gradient) is np.ndarray and gradient.dtype.kind == "f" and gradient.flags.writeable:
                gradient[...] = number

    def state(self) -> dict[str, Any]:
        return {
            "inputs": [_array(unwrap(self._surface, value)) for value in self._args],
            "output": _array(unwrap(self._surface, self._output)),
            "cotangent": self._cotangent,
            "grads": [_array(gradient) for gradient in self._gradients()],
        }

    def _gradients(self) -> list[Any]:
        return [unwrap(self._surface, self._surface.gradient(leaf)) for leaf in self._leaves]


def laid_out(value: Any, layout: str) -> Any:
    """A copy of an array in another order of memory: "C", "F" (columns first), or "strided" (gaps between entries)."""
    if type(value) is not np.ndarray:
        return value
    if layout == "strided" and value.ndim:
        return np.repeat(value, 2, axis=-1)[..., ::2]
    return np.array(value, order="F" if layout == "F" else "C")


def copied(value: Any) -> Any:
    """The value with copies of its arrays, also inside lists and dicts."""
    if type(value) is list:
        return [copied(item) for item in value]
    if type(value) is dict:
        return {key: copied(item) for key, item in value.items()}
    return np.array(value) if type(value) is np.ndarray else value


def _array(value: Any) -> Any:
    """Only arrays can have been written to."""
    return value if type(value) is np.ndarray else None
