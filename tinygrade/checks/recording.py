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


def apart(program: Mapping[str, Any], inputs: int) -> tuple[dict[str, Any], list[int]]:
    """The program with every use of every value computed anew, so that each way to an input has an input of its own.

    Args:
        inputs: how many inputs the program takes.

    Returns:
        The program, and for each of its inputs the position of the one that it stands for.

    Raises:
        ValueError: there are too many ways to be told apart.
    """
    return _Unfolding(program, inputs).result()


#: Uses of inputs, all together; a deep graph has exponentially many ways.
MAX_USES = 32


class _Unfolding:
    def __init__(self, program: Mapping[str, Any], inputs: int) -> None:
        self._program = program
        self._inputs = inputs
        self._uses: list[int] = []
        self._steps: list[list[Any]] = []

    def result(self) -> tuple[dict[str, Any], list[int]]:
        result = self._operand(self._program["result"])
        count = len(self._uses)
        # Only now is known how many inputs come before the steps.
        steps = [[_numbered(part, count) for part in step] for step in self._steps]
        constants = self._program["constants"]
        return {"constants": constants, "steps": steps, "result": _numbered(result, count)}, self._uses

    def _operand(self, operand: Sequence[Any]) -> list[Any]:
        kind, content = operand
        if kind == "list":
            return ["list", [self._operand(item) for item in content]]
        if kind != "at":
            return list(operand)
        if content < self._inputs:
            self._uses.append(content)
            if len(self._uses) > MAX_USES:
                raise ValueError("too many ways through the graph")
            return ["input", len(self._uses) - 1]
        kind, *parts = self._program["steps"][content - self._inputs]
        self._steps.append([kind, *(self._part(part) for part in parts)])
        return ["step", len(self._steps) - 1]

    def _part(self, part: Any) -> Any:
        """An operand, a list or dict of operands, or plain data of a step."""
        if isinstance(part, dict):
            return {name: self._operand(operand) for name, operand in part.items()}
        if isinstance(part, list) and part and isinstance(part[0], str):
            return self._operand(part)
        return [self._operand(operand) for operand in part] if isinstance(part, list) else part


def _numbered(part: Any, inputs: int) -> Any:
    if isinstance(part, dict):
        return {name: _numbered(operand, inputs) for name, operand in part.items()}
    if isinstance(part, list):
        if part and part[0] in ("input", "step"):
            return ["at", part[1] + (inputs if part[0] == "step" else 0)]
        return part if part and part[0] == "value" else [_numbered(item, inputs) for item in part]
    return part
