"""The solved package, loaded in this process under a private name, behind handles like the student's.

Its values have a type that the wire refuses to send, so that `student.f(x - expected)` cannot leak an answer.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import operator
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any, Literal, NoReturn, cast

import numpy as np

from tinygrade.checks.folder import ReferenceFolder
from tinygrade.checks.library import Handle
from tinygrade.errors import GraderError
from tinygrade.model import Surface as SurfaceTable
from tinygrade.worker import loops, routines
from tinygrade.worker.surface import Surface, unwrap


class ReferenceArray(np.ndarray):
    """An array that came from the reference. What is computed from it, or taken out of it, is one as well.

    `np.asarray` and `np.array` give a plain one, for the comparisons on this side, and so does writing into a plain
    array: whoever sends that has asked for it. Python's own numbers could not keep the mark: `float(value)` is refused.
    """

    __array_priority__ = 1000.0  # also what a plain array's own methods give, such as `plain.dot(value)`

    def __getitem__(self, index: Any) -> Any:
        return np.asarray(super().__getitem__(index)).view(ReferenceArray)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return _kept(getattr(ufunc, method)(*_resolve(inputs), **_resolve(kwargs)))

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        # numpy's own would leave the mark off in dot, where, concatenate, einsum and others
        return _kept(func(*_resolve(args), **_resolve(kwargs)))

    def __repr__(self) -> str:
        return repr(np.asarray(self))

    def __str__(self) -> str:
        return str(np.asarray(self))

    @property
    def flat(self) -> Any:
        return self.reshape(-1)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise GraderError(
            "a number of the reference must not lose its mark: compare it as an array, or take np.asarray(value)"
        )

    __float__ = __int__ = __complex__ = __index__ = _refuse
    item = tolist = tobytes = dump = dumps = tofile = __reduce__ = __reduce_ex__ = _refuse


def _kept(value: Any) -> Any:
    """What numpy gave, marked where it is data; shapes, sizes, verdicts and texts are Python's and stay."""
    if isinstance(value, np.ndarray | np.generic):
        return np.asarray(value).view(ReferenceArray)
    if hasattr(value, "_make"):  # a named tuple, such as that of the singular values
        return value._make(map(_kept, value))
    if type(value) in (list, tuple):
        return type(value)(map(_kept, value))
    return value


def _method(name: str) -> Any:
    return lambda self, *args, **kwargs: _kept(getattr(np.asarray(self), name)(*_resolve(args), **_resolve(kwargs)))


for _name in ("argmax", "argmin", "searchsorted", "nonzero", "dot", "trace"):
    setattr(ReferenceArray, _name, _method(_name))


class ReferenceLibrary:
    """The reference behind the same expressions as `StudentLibrary`."""

    #: It answers whatever it is asked; see `checks.recorded` for one that does not.
    kind: Literal["live", "recorded"] = "live"
    computes = True
    folder = ReferenceFolder()

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
        return marked(unwrap(self._surface, _resolve(value)))

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

    def signature(self, function: Handle) -> tuple[str, list[str]]:
        """Path of a function in the package, "" when it cannot be told, and names of its positional arguments."""
        payload = function.payload
        module = str(getattr(payload, "__module__", "")).rpartition(".")[2]
        name = getattr(payload, "__name__", "")
        return f"{module}.{name}" if module and name else "", positional(payload)

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
        return marked({**routines.ROUTINES, **loops.LOOPS}[name](self._surface, *_resolve(args)))

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


def positional(function: Any) -> list[str]:
    """Names of the positional arguments, as far as they can be told."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [parameter.name for parameter in parameters if parameter.kind in kinds]


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


def marked(value: Any) -> Any:
    """Numbers and arrays as `ReferenceArray`, also inside lists, tuples and dicts."""
    if value is None or isinstance(value, str):
        return value
    if type(value) in (list, tuple):
        return type(value)(marked(item) for item in value)
    if isinstance(value, dict):
        return {key: marked(item) for key, item in value.items()}
    array = np.asarray(value)
    if array.dtype == object:
        raise GraderError(f"the reference gave a {type(value).__name__} where data was expected")
    return array.view(ReferenceArray)
