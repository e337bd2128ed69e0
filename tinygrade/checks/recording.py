"""Write down a composition of operations, so that it runs on either side as one function.

`lambda lib: lambda a, b: lib.ops.mul(a, b) + a` is called once with a `Recorder` instead of a library: its handles
do nothing but note the steps (see `worker.programs`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tinygrade.checks.library import Handle


class Recorder:
    """Looks like `library` to a composition."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self._constants: list[Any] = []
        self._steps: list[list[Any]] = []
        self._inputs = 0

    def program(self, compose: Callable[[Any], Callable[..., Any]], inputs: int) -> dict[str, Any]:
        """The arguments of `worker.programs.compiled` for `compose(library)` with so many inputs."""
        self._inputs = inputs
        result = compose(self)(*(Handle(self, i, "input") for i in range(inputs)))
        return {"constants": self._constants, "steps": self._steps, "result": self._operand(result)}

    def __getattr__(self, module: str) -> Handle:
        if module.startswith("_"):
            raise AttributeError(module)
        self._constants.append(getattr(self._library, module))
        return self._step("constant", len(self._constants) - 1)

    # ---- Backend ---------------------------------------------------------------------------------------

    def get(self, of: Handle, name: str) -> Handle:
        return self._step("get", self._operand(of), name)

    def set(self, of: Handle, name: str, value: Any) -> None:
        raise TypeError("a composition of operations cannot set attributes")

    def call(self, function: Handle, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Handle:
        operands = [self._operand(arg) for arg in args]
        named = {name: self._operand(value) for name, value in kwargs.items()}
        return self._step("call", self._operand(function), operands, named)

    def operate(self, name: str, args: Sequence[Any]) -> Handle:
        return self._step("operate", name, [self._operand(arg) for arg in args])

    def _step(self, *step: Any) -> Handle:
        self._steps.append(list(step))
        return Handle(self, self._inputs + len(self._steps) - 1, step[0])

    def _operand(self, value: Any) -> list[Any]:
        if isinstance(value, Handle):
            return ["at", value.payload]
        if isinstance(value, list | tuple) and any(isinstance(item, Handle) for item in value):
            return ["list", [self._operand(item) for item in value]]
        return ["value", value]
