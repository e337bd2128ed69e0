"""One way to write a check for two packages: expressions on handles.

`lib.transformer.causal_mask(4)` means the same for the student's package, where it runs in a worker, and for
the reference, where it runs here. A check is such an expression, evaluated on both sides and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, Protocol

import numpy as np


class Library(Protocol):
    """What a check may do with a package. Modules of the package are attributes: `lib.transformer`."""

    def __getattr__(self, module: str) -> Any: ...

    def fetch(self, value: Any, **expected: Any) -> Any:
        """The plain data behind a handle (tensors become arrays)."""

    def generator(self, seed: int) -> Any:
        """A handle of `np.random.default_rng(seed)`, for signatures that ask for a generator."""

    def keep(self, value: Any) -> Any:
        """The value as an object of the other side, to see afterwards what happened to it."""

    def callbacks(self, *functions: tuple[Callable[..., Any], Sequence[tuple[int, ...]]]) -> Any:
        """A list of functions of ours for code on the other side: called back with float64 arrays of these shapes."""

    def loop(self, name: str, *args: Any) -> Any:
        """One of `worker.loops`, run on the other side in one request."""

    def vjp(self, f: Any, args: Sequence[Any], cotangent: Any, wrt: Sequence[int] = (0,), **kwargs: Any) -> Any:
        """See `worker.routines.vjp`; gives `{"output": array, "grads": [array or None, ...]}`."""

    def vjps(self, f: Any, calls: Sequence[Mapping[str, Any]]) -> Any:
        """See `worker.evaluations.vjps`: many evaluations in one request; from the student's side, anything."""

    def write(self, model: Any, weights: Mapping[str, np.ndarray]) -> None:
        """Write arrays into the model's parameters, by canonical name."""

    def gradients(self, model: Any, names: Sequence[str] | None = None) -> dict[str, Any]:
        """The parameters' gradients by canonical name."""

    def census(self, model: Any) -> dict[str, tuple[int, ...]]:
        """Every parameter that can be reached, with its shape."""

    @property
    def folder(self) -> Folder:
        """What the code under test has written, where the assignment has a scratch folder."""


class Folder(Protocol):
    """The working folder of one side. Names are those of files in it, never paths."""

    def files(self) -> dict[str, bytes]:
        """Name and content of each file."""

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write these files."""


class Backend(Protocol):
    """What a library does for its handles."""

    def get(self, of: Handle, name: str) -> Handle: ...

    def set(self, of: Handle, name: str, value: Any) -> None: ...

    def call(self, function: Handle, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Handle: ...

    def operate(self, name: str, args: Sequence[Any]) -> Handle: ...


class FetchFirst(TypeError):
    """A check used a handle as if it were data: a mistake of the check's author."""


class Handle:
    """An object that stays where it is. Attributes, calls and arithmetic run there; data must be fetched."""

    __slots__ = ("_backend", "payload", "type_name")
    __array_ufunc__ = None  # numpy leaves arithmetic with a handle to the handle
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, backend: Backend, payload: Any, type_name: str) -> None:
        object.__setattr__(self, "_backend", backend)
        object.__setattr__(self, "payload", payload)
        object.__setattr__(self, "type_name", type_name)

    def __getattr__(self, name: str) -> Handle:
        if name.startswith("__"):  # Python's own protocols must not become requests
            raise AttributeError(name)
        return self._backend.get(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._backend.set(self, name, value)

    def __call__(self, *args: Any, **kwargs: Any) -> Handle:
        return self._backend.call(self, args, kwargs)

    def __getitem__(self, index: Any) -> Handle:
        return self._backend.operate("getitem", (self, index))

    def __setitem__(self, index: Any, value: Any) -> None:
        self._backend.operate("setitem", (self, index, value))

    def __neg__(self) -> Handle:
        return self._backend.operate("neg", (self,))

    def __repr__(self) -> str:
        return f"<handle of {self.type_name}>"

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise FetchFirst(f"fetch first: {self!r} is not data")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __bool__ = __len__ = __iter__ = __float__ = __int__ = __index__ = __contains__ = __array__ = _refuse


def _binary(name: str) -> Callable[[Handle, Any], Handle]:
    return lambda self, other: self._backend.operate(name, (self, other))


def _reflected(name: str) -> Callable[[Handle, Any], Handle]:
    return lambda self, other: self._backend.operate(name, (other, self))


for _name in ("add", "sub", "mul", "truediv", "pow", "matmul"):
    setattr(Handle, f"__{_name}__", _binary(_name))
    setattr(Handle, f"__r{_name}__", _reflected(_name))
