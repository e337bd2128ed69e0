"""The solved package, loaded in this process under a private name, behind handles like the student's.

Its values have a type that the wire refuses to send, so that `student.f(x - expected)` cannot leak an answer.
"""

from __future__ import annotations

import importlib
import importlib.util
import operator
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any, cast

import numpy as np

from tinygrade.checks.library import Handle
from tinygrade.errors import GraderError
from tinygrade.model import Surface as SurfaceTable
from tinygrade.worker import loops, routines
from tinygrade.worker.surface import Surface, unwrap


class ReferenceArray(np.ndarray):
    """An array that came from the reference. What is computed from it, or taken out of it, is one as well."""

    def __getitem__(self, index: Any) -> Any:
        return np.asarray(super().__getitem__(index)).view(ReferenceArray)


class ReferenceLibrary:
    """The reference behind the same expressions as `StudentLibrary`."""

    def __init__(self, folder: Path, table: SurfaceTable) -> None:
        self._name = load_package(folder)
        module, _, attribute = table.tensor.rpartition(".")
        names = [*table.parameters]
        self._surface = Surface(lambda: getattr(self._import(module), attribute), names, **table.names)

    def __getattr__(self, module: str) -> Handle:
        if module.startswith("_"):
            raise AttributeError(module)
        return self._keep(self._import(module))

    def fetch(self, value: Any, **_: Any) -> Any:
        return _marked(unwrap(self._surface, _resolve(value)))

    def generator(self, seed: int) -> Handle:
        return self._keep(np.random.default_rng(seed))

    def keep(self, value: Any) -> Handle:
        return self._keep(np.array(value) if isinstance(value, np.ndarray) else value)

    def callbacks(self, *functions: tuple[Callable[..., Any], Sequence[tuple[int, ...]]]) -> Handle:
        return self._keep([function for function, _ in functions])

    def loop(self, name: str, *args: Any) -> Any:
        return self._routine(name, *args)

    def vjp(self, f: Any, args: Sequence[Any], cotangent: Any, wrt: Sequence[int] = (0,), **kwargs: Any) -> Any:
        return self._routine("vjp", f, list(args), cotangent, list(wrt), kwargs)

    def vjps(self, f: Any, calls: Sequence[Mapping[str, Any]]) -> Any:
        return self._routine("vjps", f, [dict(call) for call in calls])

    def write(self, model: Any, weights: Mapping[str, np.ndarray]) -> None:
        self._routine("write", model, dict(weights))

    def gradients(self, model: Any, names: Sequence[str] | None = None) -> dict[str, Any]:
        return cast("dict[str, Any]", self._routine("gradients", model, names))

    def census(self, model: Any) -> dict[str, tuple[int, ...]]:
        # Names and shapes are printed in the handout: no secret.
        return cast("dict[str, tuple[int, ...]]", routines.census(self._surface, _resolve(model)))

    def as_tensor(self, array: np.ndarray) -> Handle:
        """A leaf of the reference's tape."""
        return self._keep(self._surface.leaf(np.array(array)))

    # ---- Backend -----------------------------------------------------------------------------------

    def get(self, of: Handle, name: str) -> Handle:
        return self._keep(getattr(of.payload, name))

    def set(self, of: Handle, name: str, value: Any) -> None:
        setattr(of.payload, name, _resolve(value))

    def call(self, function: Handle, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Handle:
        return self._keep(function.payload(*_resolve(tuple(args)), **_resolve(dict(kwargs))))

    def operate(self, name: str, args: Sequence[Any]) -> Handle:
        return self._keep(getattr(operator, name)(*_resolve(tuple(args))))

    def _routine(self, name: str, *args: Any) -> Any:
        return _marked({**routines.ROUTINES, **loops.LOOPS}[name](self._surface, *_resolve(args)))

    def _keep(self, value: Any) -> Handle:
        return Handle(self, value, type(value).__name__)

    def _import(self, module: str) -> Any:
        return importlib.import_module(f"{self._name}.{module}")


def load_package(folder: Path) -> str:
    """Make the package in `folder` importable under a private name, and give that name."""
    name = f"tinygrade_reference_{folder.name}"
    if name not in sys.modules:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        sys.modules[name] = importlib.util.module_from_spec(spec)
    return name


def _resolve(value: Any) -> Any:
    """Handles replaced by their objects, marked arrays by plain ones."""
    if isinstance(value, Handle):
        return value.payload
    if isinstance(value, ReferenceArray):
        return value.view(np.ndarray)
    if type(value) in (list, tuple):
        return type(value)(_resolve(item) for item in value)
    if type(value) is dict:
        return {key: _resolve(item) for key, item in value.items()}
    return value


def _marked(value: Any) -> Any:
    """Numbers and arrays as `ReferenceArray`, also inside lists, tuples and dicts."""
    if value is None or isinstance(value, str):
        return value
    if type(value) in (list, tuple):
        return type(value)(_marked(item) for item in value)
    if isinstance(value, dict):
        return {key: _marked(item) for key, item in value.items()}
    array = np.asarray(value)
    if array.dtype == object:
        raise GraderError(f"the reference gave a {type(value).__name__} where data was expected")
    return array.view(ReferenceArray)
