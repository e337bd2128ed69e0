"""Stand-ins for parts of the student's package that are known to be wrong.

When the mask is wrong, everything built on it is wrong too. To see whether the rest is right, a fresh worker
gets a *given* mask: the name is bound to a function that asks the trusted side for values and gradients. No
line of the solution enters this process.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from .pipe import Pipe
from .routines import find
from .surface import Surface, unwrap


def install(load: Callable[[str], ModuleType], parts: list[dict[str, Any]], pipe: Pipe, surface: Surface) -> None:
    """Replace each part: `{"path": "transformer.causal_mask", "parameters": []}`.

    A part with parameter names is a module class: its `__call__` is replaced, and the gradient also flows to
    those parameters.
    """
    for part in parts:
        module_name, _, name = part["path"].rpartition(".")
        module = load(module_name)
        stand_in = StandIn(part["path"], pipe, surface)
        if part["parameters"]:
            setattr(getattr(module, name), "__call__", stand_in.method(part["parameters"]))  # noqa: B010
        else:
            setattr(module, name, stand_in)


class StandIn:
    """Calls the trusted side's function of the same name; differentiable where its inputs are."""

    def __init__(self, path: str, pipe: Pipe, surface: Surface) -> None:
        self._path = path
        self._pipe = pipe
        self._surface = surface

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._node((*args, *kwargs.values()), list(kwargs), {})

    def method(self, names: list[str]) -> Callable[..., Any]:
        def call(module: Any, *args: Any, **kwargs: Any) -> Any:
            parameters = {name: find(module, name) for name in names}
            return self._node((*args, *kwargs.values()), list(kwargs), parameters)

        return call

    def _node(self, args: tuple[Any, ...], keywords: list[str], parameters: dict[str, Any]) -> Any:
        """Ask for the output; make it a node of the student's tape when a tensor went in.

        Args:
            keywords: names of the last ones of `args`.
        """
        arrays = [unwrap(self._surface, arg) for arg in args]
        weights = {name: np.array(parameter.data) for name, parameter in parameters.items()}
        wrt = [i for i, arg in enumerate(args) if self._surface.is_tensor(arg)]
        output = self._ask(arrays, keywords, weights, None, wrt)
        if not wrt and not parameters:
            return output

        def backward(g: np.ndarray) -> tuple[Any, ...]:
            return tuple(self._ask(arrays, keywords, weights, g, wrt))

        parents = (*(args[i] for i in wrt), *parameters.values())
        return self._surface.tensor(output, requires_grad=True, _parents=parents, _backward=backward)

    def _ask(self, args: list[Any], keywords: list[str], weights: dict[str, Any], g: Any, wrt: list[int]) -> Any:
        question = {"args": args, "keywords": keywords, "weights": weights, "cotangent": g, "wrt": wrt}
        self._pipe.send({"event": "given", "part": self._path, **question})
        return self._pipe.receive()["value"]

