"""Answer the stand-ins of wrong parts (see `worker.given`) from the reference."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinygrade.checks.package import Part
from tinygrade.failures import StudentFailure
from tinygrade.worker.wire import encode

#: What a part may be asked with: some times more than any check needs. The reference's own arrays grow with the square
#: of a length and with the product of two arrays that are broadcast, so that a megabyte of questions would make it ask
#: for gigabytes.
MAX_SIZE, MAX_ITEMS, MAX_ENTRIES, MAX_PRODUCT = 256, 64, 4096, 1 << 21


class PartAnswers:
    """Values and gradients of parts, for workers that were started with stand-ins for them.

    Args:
        builders: for parts that are module classes, how to build one with a library.
    """

    def __init__(self, reference: Any, builders: Mapping[str, Callable[[Any], Any]]) -> None:
        self._reference = reference
        self._builders = builders

    def __call__(self, question: dict[str, Any], part: Part) -> dict[str, Any]:
        """The answer to one question of the stand-in for `part`.

        Raises:
            StudentFailure: the question makes no sense to the reference: wrong shapes, or not asked by us.
        """
        try:
            _require_small(question["args"])
            if set(question["weights"]) != set(part.parameters):  # any other path would lead into the reference
                raise ValueError("weights that it does not have")
            answer = {"value": self._value(**{key: value for key, value in question.items() if key != "event"})}
            encode(answer)
            return answer
        except Exception as error:  # shapes and types come from the student's code
            message = f"a given part was called with arguments that it does not take: {error}"
            raise StudentFailure(message) from None

    def _value(
        self,
        part: str,
        args: list[Any],
        weights: dict[str, Any],
        cotangent: Any,
        wrt: list[int],
        keywords: Sequence[str] = (),
    ) -> Any:
        lib = self._reference
        inputs = [lib.as_tensor(arg) if i in wrt else arg for i, arg in enumerate(args)]
        function = self._function(part)
        if weights:
            lib.write(function, weights)
        positional = len(inputs) - len(keywords)
        output = function(*inputs[:positional], **dict(zip(keywords, inputs[positional:], strict=True)))
        if cotangent is None:
            return _unmarked(lib.fetch(output))
        output.backward(cotangent)
        own = lib.gradients(function, list(weights))
        return _unmarked([*(lib.fetch(inputs[i].grad) for i in wrt), *(own[name] for name in weights)])

    def _function(self, part: str) -> Any:
        if part in self._builders:
            return self._builders[part](self._reference)
        module, _, name = part.rpartition(".")
        return getattr(getattr(self._reference, module), name)


def _require_small(args: Sequence[Any]) -> None:
    """The reference must not be made to compute what only a hostile size asks for."""
    sizes = sorted(_sizes(args))
    if sizes and max(sizes) > MAX_ENTRIES or math.prod(sizes[-2:]) > MAX_PRODUCT:
        raise ValueError(f"arrays of {sizes[-1]} entries")


def _sizes(args: Sequence[Any]) -> Iterator[int]:
    """Entries of all arrays; what else there is may be a size itself, and must be small."""
    for arg in args:
        if isinstance(arg, np.ndarray) and arg.ndim:
            yield arg.size
        elif isinstance(arg, list | tuple | str):
            if len(arg) > MAX_ITEMS:
                raise ValueError(f"a {type(arg).__name__} of {len(arg)}")
            yield from _sizes([] if isinstance(arg, str) else arg)
        elif not _is_small(arg.item() if isinstance(arg, np.ndarray | np.generic) else arg):
            raise ValueError(f"a {type(arg).__name__} that is large, or no number")


def _is_small(value: Any) -> bool:
    is_number = value is None or isinstance(value, bool | float)
    return is_number or (type(value) is int and abs(value) <= MAX_SIZE)


def _unmarked(value: Any) -> Any:
    """The one place where a value of the reference is sent on purpose: only for a part that was given up."""
    if isinstance(value, list | tuple):
        return type(value)(_unmarked(item) for item in value)
    return None if value is None else np.array(value)
