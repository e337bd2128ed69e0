"""Answer the requests of one check: a table of objects, and what may be done with them."""

from __future__ import annotations

import faulthandler
import signal
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from . import callback, failures, given, package, packing, training
from .loops import LOOPS
from .pipe import Pipe
from .programs import OPERATORS
from .routines import ROUTINES
from .surface import Surface, unwrap
from .wire import HandleRef, WireError


class Session:
    """One worker's state. `requests` maps the name of a request to the method that answers it."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._objects: list[Any] = []
        self._package = ""
        self._folder = Path()
        self._surface = Surface(lambda: None, [])
        self._requests: dict[str, Callable[..., Any]] = {
            "compile": _compiled,
            "open": self._open,
            "module": self._module,
            "get": _attribute,
            "set": setattr,
            "call": self._call,
            "operate": self._operate,
            "fetch": lambda value: unwrap(self._surface, value),
            "generator": np.random.default_rng,
            "keep": lambda value: value,
            "callbacks": lambda *entries: [callback.made(self._pipe, entry) for entry in entries],
            "routine": lambda name, args: {**ROUTINES, **LOOPS}[name](self._surface, *args),
            "train": self._train,
        }

    def serve(self) -> None:
        """Answer until the trusted side closes the pipe."""
        if hasattr(faulthandler, "register"):
            # On a time-out the trusted side asks for the place where the code was, before it kills.
            faulthandler.register(signal.SIGUSR1, file=2, all_threads=False)
        while True:
            try:
                request = self._pipe.receive()
            except EOFError:
                return
            if "do" in request:  # a message about the budget may come after training has ended
                self._reply(request)

    def _reply(self, request: dict[str, Any]) -> None:
        plain = request["do"] in ("fetch", "routine", "train", "compile")
        try:
            result = self._requests[request["do"]](*self._resolve(request["args"]))
            reply = {"value": result if plain else self._keep(result)}
        except BaseException as error:  # whatever it is, the trusted side decides what it means
            reply = {"error": failures.describe(error, self._folder)}
        try:
            self._pipe.send(reply)
        except WireError as error:
            self._pipe.send({"unsendable": str(error)})

    def _open(
        self,
        name: str,
        folder: str,
        files: list[Any],
        surface: dict[str, Any],
        parts: list[dict[str, Any]],
        code: list[Any],
    ) -> None:
        self._package, self._folder = name, Path(folder)
        module, _, attribute = surface["tensor"].rpartition(".")
        self._surface = Surface(
            lambda: getattr(package.load(name, module), attribute), surface["parameters"], **surface["names"]
        )
        package.install(name, self._folder, packing.unpacked(files), packing.unpacked(code))
        given.install(lambda module: package.load(name, module), parts, self._pipe, self._surface)

    def _module(self, name: str) -> Any:
        return package.load(self._package, name)

    def _call(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        return function(*args, **kwargs)

    def _operate(self, name: str, args: list[Any]) -> Any:
        return OPERATORS[name](*args)

    def _train(self, function: Any, model: Any, args: list[Any], plan: dict[str, Any]) -> Any:
        return training.run(self._pipe, self._surface, function, model, args, plan)

    # ---- handles ------------------------------------------------------------------------------------

    def _keep(self, value: Any) -> HandleRef:
        self._objects.append(value)
        return HandleRef(len(self._objects) - 1, type(value).__name__[:100])

    def _resolve(self, value: Any) -> Any:
        if type(value) is HandleRef:
            return self._objects[value.id]
        if type(value) in (list, tuple):
            return type(value)(self._resolve(item) for item in value)
        if type(value) is dict:
            return {key: self._resolve(item) for key, item in value.items()}
        return value


def _compiled(folder: str, files: list[Any]) -> list[Any]:
    return packing.packed(package.compiled(Path(folder), packing.unpacked(files)))


def _attribute(of: Any, name: str) -> Any:
    """`getattr` that names the file and a likely misspelling when a module lacks a name."""
    if isinstance(of, ModuleType) and not hasattr(of, name):
        close = get_close_matches(name, vars(of), n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        raise AttributeError(f"{of.__name__.replace('.', '/')}.py has no '{name}'{hint}")
    return getattr(of, name)
