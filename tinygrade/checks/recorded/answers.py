"""Answers as data: a tree that JSON can hold, and numbers beside it in few long arrays.

Nothing is unpickled or evaluated, and nothing but numbers, texts, lists and names of a few errors can be written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

#: Errors that the reference may answer with; whatever else it raises is a fault of the course.
ERRORS: Mapping[str, type[Exception]] = {
    kind.__name__: kind
    for kind in (
        ValueError, IndexError, TypeError, KeyError, AttributeError, AssertionError, ZeroDivisionError,
        OverflowError, FloatingPointError, RuntimeError, NotImplementedError,
    )
}  # fmt: skip
#: By kind, how numbers are stored on every machine.
DTYPES: Mapping[str, str] = {"f8": "<f8", "f4": "<f4", "i8": "<i8", "b1": "|b1", "u1": "|u1", "i4": "<i4", "u8": "<u8"}
MAX_DEPTH = 32
#: Bytes that the name of a question and its place take, compressed.
NAME_SIZE = 13


class Damaged(ValueError):
    """What is read is no answer."""


class Store:
    """Answers by the names of their questions.

    Args:
        trees, numbers: as `trees` and `numbers()` were when it was written.
        beside: another store, into which this one may go: what it holds already has no weight.

    Attributes:
        trees: JSON, by the name of the question.
    """

    def __init__(
        self,
        trees: Mapping[str, Any] | None = None,
        numbers: Mapping[str, np.ndarray] | None = None,
        beside: Store | None = None,
    ) -> None:
        self._beside = beside
        self._bytes = 0
        self.trees: dict[str, Any] = dict(trees or {})
        self._parts: dict[str, list[np.ndarray]] = {kind: [array] for kind, array in (numbers or {}).items()}
        self._sizes = {kind: array.size for kind, array in (numbers or {}).items()}
        self._places: dict[tuple[str, bytes], int] = {}

    def __contains__(self, question: str) -> bool:
        return question in self.trees

    def add(self, question: str, answer: Any) -> None:
        self.trees[question] = self._tree(answer)

    def update(self, other: Store) -> None:
        """Add all answers of another store."""
        for question in other.trees:
            self.add(question, other.get(question))

    @property
    def size(self) -> int:
        """Bytes that this adds to a record, about: names and numbers do not compress."""
        return NAME_SIZE * len(self.trees) + self._bytes

    def get(self, question: str) -> Any:
        """The answer; an exception is an answer, too.

        Raises:
            KeyError: it was not recorded.
            Damaged: it is not what `add` writes.
        """
        return self._value(self.trees[question], 0)

    def numbers(self) -> dict[str, np.ndarray]:
        """By kind, all numbers in one array."""
        for kind, parts in self._parts.items():
            self._parts[kind] = [np.concatenate(parts)] if len(parts) > 1 else parts
        return {kind: parts[0] for kind, parts in self._parts.items()}

    # ---- there and back --------------------------------------------------------------------------------

    def _tree(self, value: Any) -> Any:
        if value is None or type(value) in (str, int, bool):
            return value
        if isinstance(value, Exception):
            return {"error": [type(value).__name__, str(value)]}
        if isinstance(value, list | tuple):
            return {"list" if isinstance(value, list) else "tuple": [self._tree(item) for item in value]}
        if isinstance(value, dict):
            return {"dict": [[key, self._tree(item)] for key, item in value.items()]}
        return self._array(np.asarray(value))

    def _array(self, value: np.ndarray) -> Any:
        kind = f"{value.dtype.kind}{value.dtype.itemsize}"
        flat = np.ascontiguousarray(value, dtype=DTYPES[kind]).view(np.ndarray).reshape(-1)
        key = (kind, flat.tobytes())
        if key not in self._places:
            self._places[key] = self._sizes.get(kind, 0)
            self._parts.setdefault(kind, []).append(flat.copy())
            self._sizes[kind] = self._places[key] + flat.size
            known = self._beside is not None and key in self._beside._places
            self._bytes += 0 if known else flat.nbytes
        return {kind: [self._places[key], *value.shape]}

    def _value(self, tree: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise Damaged("nested too deeply")
        if tree is None or type(tree) in (str, int, bool):
            return tree
        if type(tree) is not dict or len(tree) != 1 or type(content := next(iter(tree.values()))) is not list:
            raise Damaged("an answer has no known form")
        kind = next(iter(tree))
        if kind in ("list", "tuple"):
            items = [self._value(item, depth + 1) for item in content]
            return items if kind == "list" else tuple(items)
        if kind == "dict":
            return self._dict(content, depth)
        return _error(content) if kind == "error" else self._slice(kind, content)

    def _dict(self, content: list[Any], depth: int) -> dict[str, Any]:
        if not all(type(pair) is list and len(pair) == 2 and type(pair[0]) is str for pair in content):
            raise Damaged("a table has no names")
        return {key: self._value(item, depth + 1) for key, item in content}

    def _slice(self, kind: str, content: list[Any]) -> np.ndarray:
        if kind not in self._sizes or not content or not all(type(i) is int and i >= 0 for i in content):
            raise Damaged("an array is nowhere")
        start, *shape = content
        size = 1
        for length in shape:
            size *= length
        if start + size > self._sizes[kind]:
            raise Damaged("an array ends behind the end of the numbers")
        return self.numbers()[kind][start : start + size].reshape(shape)


def _error(content: list[Any]) -> Exception:
    if len(content) != 2 or content[0] not in ERRORS or type(content[1]) is not str:
        raise Damaged("an error of an unknown kind")
    return ERRORS[content[0]](content[1])
