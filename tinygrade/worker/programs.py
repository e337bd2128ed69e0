"""Run a small graph of operations that a check wrote down, as one function: `(a * b) + a` in one request."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

OPERATORS: dict[str, Callable[..., Any]] = {
    name: getattr(operator, name)
    for name in ("add", "sub", "mul", "truediv", "pow", "matmul", "neg", "getitem", "setitem")
}


def compiled(constants: Sequence[Any], steps: Sequence[Sequence[Any]], result: Any) -> Callable[..., Any]:
    """A function of the inputs that performs `steps` and gives `result`.

    Args:
        constants: objects that steps start from, such as modules.
        steps: each `["constant", i]`, `["get", operand, name]`, `["call", operand, [operands], {name: operand}]` or
            `["operate", name, [operands]]`; an operand is `["value", data]`, `["at", i]` (the i-th value: first the
            inputs, then the results of the steps), or `["list", [operands]]`.
    """

    def function(*inputs: Any) -> Any:
        values = list(inputs)
        for kind, *rest in steps:
            values.append(_STEPS[kind](constants, values, *rest))
        return _operand(values, result)

    return function


def _operand(values: list[Any], operand: Sequence[Any]) -> Any:
    kind, content = operand
    if kind == "at":
        return values[content]
    return [_operand(values, item) for item in content] if kind == "list" else content


def _call(_: Any, values: list[Any], function: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    named = {name: _operand(values, value) for name, value in kwargs.items()}
    return _operand(values, function)(*(_operand(values, arg) for arg in args), **named)


_STEPS: dict[str, Callable[..., Any]] = {
    "constant": lambda constants, values, i: constants[i],
    "get": lambda constants, values, of, name: getattr(_operand(values, of), name),
    "call": _call,
    "operate": lambda constants, values, name, args: OPERATORS[name](*(_operand(values, arg) for arg in args)),
}
