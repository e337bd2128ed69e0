"""Names for questions to a library: the same question has the same name in every run and on every machine.

A handle of a recorded library is a *node*: no object, only the name of how it came to be. Objects that may share
memory live in one *world*, which knows all that was done to them, in order; a question about one of them asks about
that, too. Numbers enter a name as fixed-point numbers (see `_fixed`), because numpy's rounding depends on the machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tinygrade.checks.library import Handle
from tinygrade.errors import GraderError

#: Bits of the largest entry that count. Rounding differs by 2^-50, and the values of one run by far more than 2^-30;
#: a number is misread when it lies within a rounding of a half unit, once in 2^20.
BITS = 30
#: Bytes of a name. A record holds some thousand of them: two are equal by accident once in 10^11 records.
NAME_BYTES = 10
#: Routines that look, or work on fresh tensors of their own: they change nothing that another question asks about.
HARMLESS = frozenset({"vjp", "vjps", "gradients", "census"})


class World:
    """Objects that may share memory. Worlds that meet in a call become one."""

    def __init__(self, state: bytes) -> None:
        self._state = state
        self._into: World | None = None

    @property
    def last(self) -> World:
        """The world that this one has become part of."""
        return self if self._into is None else self._into.last

    @property
    def state(self) -> bytes:
        return self.last._state

    def changed(self, state: bytes) -> None:
        self.last._state = state

    def join(self, other: World) -> None:
        if self.last is not other.last:
            self.last._into = other.last


class Node:
    """How an object came to be; without a world for what belongs to the package itself, which nothing changes."""

    __slots__ = ("name", "world")

    def __init__(self, name: bytes, world: World | None) -> None:
        self.name = name
        self.world = world

    @property
    def token(self) -> bytes:
        return self.name + (b"" if self.world is None else self.world.state)


# ---- what can be asked and done --------------------------------------------------------------------


def module(name: str) -> Node:
    return Node(_hash("module", name), None)


def attribute(of: Handle, name: str) -> Node:
    """An attribute as it is now: what is done later does not change which object it is."""
    (node,) = nodes(of)
    return Node(_hash("get", node, name), node.world)


def question(kind: str, *args: Any) -> str:
    """The name of a question that changes nothing."""
    return _hash(kind, *args).hex()


def deed(kind: str, *args: Any) -> Node:
    """Something that makes an object and may change all that it is given."""
    name = _hash(kind, *args)
    worlds = [node.world for node in nodes(args) if node.world is not None]
    world = worlds[0].last if worlds else World(name)
    for other in worlds:
        other.join(world)
    world.changed(name)
    return Node(name, world)


def nodes(value: Any) -> Iterator[Node]:
    """All nodes in a value, in order."""
    if isinstance(value, Handle):
        value = value.payload
    if isinstance(value, Node):
        yield value
    elif hasattr(value, "node"):
        yield value.node
    elif isinstance(value, Mapping):
        yield from nodes(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from nodes(item)


# ---- hashing ---------------------------------------------------------------------------------------


def _hash(*parts: Any) -> bytes:
    hasher = hashlib.blake2b(digest_size=NAME_BYTES)
    for part in parts:
        for piece in _pieces(part):
            hasher.update(piece)
    return hasher.digest()


def _pieces(value: Any) -> Iterator[bytes]:
    """Bytes that tell values apart, each kind with a letter and its length in front."""
    match value:
        case Handle():
            yield from _pieces(value.payload)
        case None | bool() | str() | bytes():
            text = value if isinstance(value, bytes) else str(value).encode()
            yield b"%s%d:" % (type(value).__name__[:2].encode(), len(text)) + text
        case Node():
            yield b"n" + value.token
        case np.ndarray() | np.generic() | int() | float():
            yield from _number(np.asarray(value), isinstance(value, np.ndarray))
        case list() | tuple():
            yield b"l%d:" % len(value)
            for item in value:
                yield from _pieces(item)
        case Mapping():
            yield b"d%d:" % len(value)
            for key in sorted(value):
                yield from _pieces(key)
                yield from _pieces(value[key])
        case slice():
            yield from _pieces(("slice", value.start, value.stop, value.step))
        case _ if value is Ellipsis:
            yield b"e"
        case _ if hasattr(value, "node"):
            yield from _pieces(value.node)
        case _:
            raise GraderError(f"a check asks the reference with a {type(value).__name__}, which cannot be recorded")


def _number(array: np.ndarray, is_array: bool) -> Iterator[bytes]:
    array = np.asarray(array).view(np.ndarray)
    kind = array.dtype.kind
    if kind not in "biuf":
        raise GraderError(f"a check asks the reference with an array of {array.dtype}, which cannot be recorded")
    size = array.dtype.itemsize if kind == "f" and is_array else 0
    yield b"%c%d%s:" % (b"a"[0] if is_array else b"s"[0], size, kind.encode()) + repr(array.shape).encode()
    yield from _fixed(array.astype(np.float64)) if kind == "f" else (array.astype("<i8").tobytes(),)


def _fixed(array: np.ndarray) -> Iterator[bytes]:
    """Each number as a multiple of 2^-BITS of the largest one's power of two; which are not finite, stands beside."""
    finite = np.isfinite(array)
    largest = float(np.max(np.abs(array), where=finite, initial=0.0))
    # A little above, so that 1 and what rounding makes of it have the same power of two.
    exponent = int(np.frexp(largest * (1 + 2.0**-20))[1]) if largest else 0
    with np.errstate(all="ignore"):
        scaled = np.rint(np.ldexp(np.where(finite, array, 0.0), BITS - exponent))
    yield b"x%d:" % exponent + scaled.astype("<i8").tobytes()
    if not finite.all():
        yield np.where(finite, 0, np.where(np.isnan(array), 1, np.where(array > 0, 2, 3))).astype("u1").tobytes()
