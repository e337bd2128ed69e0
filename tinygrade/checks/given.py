"""Answer the stand-ins of wrong parts (see `worker.given`) from the reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinygrade.failures import StudentFailure
from tinygrade.worker.wire import encode

#: What a part may be asked with: some times more than any check needs. The reference's own arrays grow with the square
#: of a length, so that a megabyte of questions would make it ask for gigabytes.
MAX_SIZE, MAX_ITEMS, MAX_BYTES = 256, 64, 32 << 10


class PartAnswers:
    """Values and gradients of parts, for workers that were started with stand-ins for them.

    Args:
        builders: for parts that are module classes, how to build one with a library.
    """

    def __init__(self, reference: Any, builders: Mapping[str, Callable[[Any], Any]]) -> None:
        self._reference = reference
        self._builders = builders

    def __call__(self, question: dict[str, Any]) -> dict[str, Any]:
        """The answer to one question of a stand-in.

        Raises:
            StudentFailure: the question makes no sense to the reference: wrong shapes, or not asked by us.
        """
        try:
            _require_small(question["args"])
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
    for arg in args:
        if isinstance(arg, np.ndarray):
            if arg.nbytes > MAX_BYTES:
                raise ValueError(f"an array of {arg.nbytes} bytes")
        elif isinstance(arg, list | tuple | str):
            if len(arg) > MAX_ITEMS:
                raise ValueError(f"a {type(arg).__name__} of {len(arg)}")
            _require_small([] if isinstance(arg, str) else arg)
        elif type(arg) is int:
            if abs(arg) > MAX_SIZE:
                raise ValueError(f"a size of {arg}")
        elif arg is not None and not isinstance(arg, bool | float | np.generic):
            raise ValueError(f"a {type(arg).__name__}")


def _unmarked(value: Any) -> Any:
    """The one place where a value of the reference is sent on purpose: only for a part that was given up."""
    if isinstance(value, list | tuple):
        return type(value)(_unmarked(item) for item in value)
    return None if value is None else np.array(value)
