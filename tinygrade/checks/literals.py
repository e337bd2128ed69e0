"""Plain data as Python source that gives the same data again, bit by bit; large arrays beside it in one file."""

from __future__ import annotations

import keyword
import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinygrade.worker.wire import HandleRef

#: Entries of an array that is written out; larger ones are stored.
INLINE = 64
#: Columns of a value that stands inside a call; longer ones get a line and a name of their own.
SHORT, WIDTH = 44, 100

#: dtype, shape and bytes of an array.
Contents = tuple[str, tuple[int, ...], bytes]


class Names:
    """Names of variables, each given once."""

    def __init__(self, taken: Sequence[str] = ()) -> None:
        self._taken = {*taken, *keyword.kwlist, *keyword.softkwlist}

    def new(self, wish: str) -> str:
        """`wish` in small letters, with a number behind it when it is taken."""
        base = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", wish).lower()
        base = base if base.isidentifier() else "value"
        name, number = base, 1
        while name in self._taken:
            number += 1
            name = f"{base}_{number}"
        self._taken.add(name)
        return name


class Literals:
    """Writes the arguments of requests.

    Args:
        names: where variables for arrays get their names.
        refer: the source of an object that has been made before.
        everything: all that will be written; an array that stands in it twice gets a name.
        limit: entries of an array that is written out.
    """

    def __init__(
        self, names: Names, refer: Callable[[HandleRef], str], everything: Any = (), limit: float = INLINE
    ) -> None:
        self._names = names
        self._refer = refer
        self._limit = limit
        self._uses = Counter(map(_contents, _arrays(everything)))
        self._known: dict[Contents, str] = {}
        #: Assignments that must stand before the next statement; whoever writes it takes them.
        self.before: list[str] = []
        #: Arrays that are stored, by the name under which the source looks them up.
        self.stored: dict[str, np.ndarray] = {}

    def take_before(self) -> list[str]:
        """The assignments that the last values need, once."""
        lines, self.before = self.before, []
        return lines

    def source(self, value: Any, wish: str = "a") -> str:
        """An expression for `value`; `wish` is a name for its arrays."""
        if isinstance(value, HandleRef):
            return self._refer(value)
        if isinstance(value, np.generic):
            return f"{_dtype(value.dtype)}({scalar(value.item())})"
        if isinstance(value, np.ndarray):
            return self._array(value, wish)
        if isinstance(value, dict):
            return self._dict(value, wish)
        if isinstance(value, list | tuple):
            items = [self.source(item, wish) for item in value]
            if isinstance(value, list):
                return f"[{', '.join(items)}]"
            return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
        return scalar(value)

    def _dict(self, value: Mapping[Any, Any], wish: str) -> str:
        wishes = {key: key if isinstance(key, str) else wish for key in value}
        if all(isinstance(item, np.ndarray) for item in value.values()) and self._is_large(value):
            return self._stored_dict(value)
        items = [f"{scalar(key)}: {self.source(item, wishes[key])}" for key, item in value.items()]
        line = f"{{{', '.join(items)}}}"
        return line if len(line) <= SHORT else "{\n" + "".join(f"    {item},\n" for item in items) + "}"

    def _array(self, value: np.ndarray, wish: str) -> str:
        if value.size > self._limit:
            return self._stored(value, wish)
        text, key = array(value), _contents(value)
        if len(text) <= SHORT and "\n" not in text:
            return text
        if key not in self._known:
            self._known[key] = self._names.new(wish.rpartition(".")[2])
            self.before.append(f"{self._known[key]} = {text}")
        # Each request got an array of its own, so that none sees what another did to it.
        return self._known[key] + (".copy()" if self._uses[key] > 1 else "")

    def _is_large(self, value: Mapping[Any, np.ndarray]) -> bool:
        return sum(item.size for item in value.values()) > self._limit

    def _stored_dict(self, value: Mapping[Any, np.ndarray]) -> str:
        """One expression for many arrays, where they are stored under their keys."""
        entries = {str(key): self._stored(item, str(key)) for key, item in value.items()}
        if any(source != f'arrays["{key}"]' for key, source in entries.items()):
            return "{\n" + "".join(f"    {scalar(key)}: {source},\n" for key, source in entries.items()) + "}"
        words = textwrap.fill(", ".join(map(scalar, entries)), WIDTH, initial_indent="    ", subsequent_indent="    ")
        return f"{{name: arrays[name] for name in [\n{words},\n]}}"

    def _stored(self, value: np.ndarray, wish: str) -> str:
        base = name = re.sub(r"[^\w.]", "_", wish)
        number = 1
        while name in self.stored and _contents(self.stored[name]) != _contents(value):
            number += 1
            name = f"{base}_{number}"
        self.stored[name] = value
        return f'arrays["{name}"]'


def _contents(array: np.ndarray) -> Contents:
    return array.dtype.str, array.shape, array.tobytes()


def _arrays(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, dict):
        yield from _arrays(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _arrays(item)


def scalar(value: Any) -> str:
    """A number, string, None or bool; numbers that have no literal by their name in numpy."""
    if isinstance(value, float) and not np.isfinite(value):
        return "np.nan" if np.isnan(value) else "np.inf" if value > 0 else "-np.inf"
    return quoted(value) if isinstance(value, str) else repr(value)


def quoted(text: str) -> str:
    """A string in double quotes where that needs no escapes."""
    plain = text.isprintable() and not any(char in text for char in '"\\')
    return f'"{text}"' if plain else repr(text)


def array(value: np.ndarray) -> str:
    """The call that makes `value`, with rows on lines of their own where one line is too long."""
    kind = "" if value.dtype in (np.float64, np.int64, np.bool_) else f", dtype={_dtype(value.dtype)}"
    if value.size == 0:
        return f"np.zeros({value.shape}, dtype={_dtype(value.dtype)})"
    line = f"np.array({_nested(value.tolist())}{kind})"
    if len(line) <= WIDTH or value.ndim < 2:
        return line
    return f"np.array(\n    {_rows(value.tolist(), value.ndim, 1)}{kind}\n)"


def _dtype(dtype: np.dtype) -> str:
    return "np.bool_" if dtype.kind == "b" else f"np.{dtype.name}"


def _nested(value: Any) -> str:
    return f"[{', '.join(map(_nested, value))}]" if isinstance(value, list) else scalar(value)


def _rows(value: list[Any], ndim: int, depth: int) -> str:
    if ndim == 1:
        return _nested(value)
    inner = "    " * (depth + 1)
    rows = "".join(f"{inner}{_rows(item, ndim - 1, depth + 1)},\n" for item in value)
    return f"[\n{rows}{'    ' * depth}]"
