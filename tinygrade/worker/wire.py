"""The format of messages between the trusted side and a worker: data only, never code, never a verdict.

A frame is a 4-byte big-endian length, that many bytes of JSON, then the bytes of the arrays that the JSON
announces. The reader checks every bound before it allocates anything, because the other end may be hostile:
`np.load` would have trusted a tiny header that asks for hundreds of gigabytes.

Values: None, bool, int, float, str, list, tuple, dict, slice, numeric arrays and numpy scalars, and handles
(references to objects that stay in the worker).
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

MAX_HEADER = 1 << 20  # bytes of JSON
MAX_ARRAY = 8 << 20  # bytes of one array
MAX_TOTAL = 32 << 20  # bytes of all arrays of one frame
MAX_ARRAYS = 512
MAX_DIMENSIONS = 8
MAX_DEPTH = 32
MAX_ITEMS = 20_000  # of one list, tuple or dict
MAX_INT = 1 << 63
#: Frames of up to so many bytes go in one piece: each write wakes the reader.
JOINED = 1 << 19
#: Bytes of a frame, and of what may have arrived behind it in one read.
MAX_BUFFER = 4 + MAX_HEADER + MAX_TOTAL + (1 << 20)
#: What a key of a dict may be. Hashes of strings are salted and those of numbers hardly collide; a tuple's can be made
#: to, 16,000 times in one frame, and the reader would then compare keys for half a minute.
KEYS = (str, int, float, bool, type(None))

_LENGTH = struct.Struct(">I")
_DTYPE = re.compile(r"<[fiu][248]|\|[iub]1")


class WireError(ValueError):
    """A frame breaks the format, or a value cannot be sent."""


class HandleRef:
    """On the wire: the object with this number stays in the worker. `type` is only a name to show."""

    __slots__ = ("id", "type")

    def __init__(self, id: int, type: str) -> None:
        self.id = id
        self.type = type


def refuse(value: Any) -> HandleRef:
    """What `encode` does with an object that is not data, unless it is told otherwise."""
    raise WireError(f"a value of type {type(value).__name__[:100]}")


# ---- writing ---------------------------------------------------------------------------------------


def encode(value: Any, refer: Callable[[Any], HandleRef] = refuse) -> list[bytes]:
    """The frame for `value` as pieces of bytes.

    Args:
        value: what to send.
        refer: called with every object that is not data; gives its handle or raises WireError.

    Raises:
        WireError: the value is too large, nested too deep, or `refer` refused a part of it.
    """
    arrays: list[np.ndarray] = []
    tree = _to_tree(value, arrays, refer, 0)
    if sum(a.nbytes for a in arrays) > MAX_TOTAL or len(arrays) > MAX_ARRAYS:
        raise WireError(f"more than {MAX_TOTAL >> 20} MiB or {MAX_ARRAYS} arrays in one message")
    announced = [{"dtype": a.dtype.str, "shape": list(a.shape)} for a in arrays]
    header = json.dumps({"value": tree, "arrays": announced}, allow_nan=False).encode()
    if len(header) > MAX_HEADER:
        raise WireError(f"more than {MAX_HEADER >> 20} MiB of text in one message")
    pieces = [_LENGTH.pack(len(header)) + header, *(a.tobytes() for a in arrays)]
    return pieces if sum(map(len, pieces)) > JOINED else [b"".join(pieces)]


def _to_tree(value: Any, arrays: list[np.ndarray], refer: Callable[[Any], HandleRef], depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise WireError(f"nested more than {MAX_DEPTH} deep")
    # Exact types only: a subclass may lie about its contents, and goes through `refer`.
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        if abs(value) >= MAX_INT:
            raise WireError("an integer of more than 63 bits")
        return value
    if kind is float:
        return value if math.isfinite(value) else {"t": "float", "v": repr(value)}
    if kind in (list, tuple, dict) and len(value) > MAX_ITEMS:
        raise WireError(f"a {kind.__name__} of {len(value)} items; the limit is {MAX_ITEMS}")
    if kind is list:
        return [_to_tree(item, arrays, refer, depth + 1) for item in value]
    if kind is tuple:
        return {"t": "tuple", "v": [_to_tree(item, arrays, refer, depth + 1) for item in value]}
    if kind is dict:
        if strange := next((key for key in value if type(key) not in KEYS), None):
            raise WireError(f"a dict with a key of type {type(strange).__name__[:100]}")
        pairs = [[_to_tree(part, arrays, refer, depth + 1) for part in pair] for pair in value.items()]
        return {"t": "dict", "v": pairs}
    if kind is slice:
        return {"t": "slice", "v": [_bound(part) for part in (value.start, value.stop, value.step)]}
    if kind is np.ndarray or isinstance(value, np.generic):
        return _announce(value, arrays)
    ref = value if kind is HandleRef else refer(value)
    return {"t": "handle", "v": ref.id, "type": ref.type}


def _bound(part: Any) -> int | None:
    """One of the three numbers of a slice."""
    if part is not None and (type(part) is not int or abs(part) >= MAX_INT):
        raise WireError("a slice whose parts are not small integers")
    return part


def _announce(value: Any, arrays: list[np.ndarray]) -> Any:
    if value.nbytes > MAX_ARRAY:  # before any copy: a broadcast view may be far larger than its memory
        raise WireError(f"an array of {value.nbytes >> 20} MiB; the limit is {MAX_ARRAY >> 20} MiB")
    array = np.asarray(value, order="C")
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    if not _DTYPE.fullmatch(array.dtype.str):
        raise WireError(f"an array of dtype {array.dtype}; only bool, integers and floats can be sent")
    arrays.append(array)
    return {"t": "scalar" if isinstance(value, np.generic) else "array", "v": len(arrays) - 1}


# ---- reading ---------------------------------------------------------------------------------------


class Frames:
    """Cut a stream of bytes into values. Holds at most one frame; raises as soon as a bound is broken."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._announced: tuple[Any, list[tuple[np.dtype, tuple[int, ...]]]] | None = None

    def feed(self, data: bytes) -> None:
        """Raises WireError when more lies unread than one frame can be."""
        if len(self._buffer) + len(data) > MAX_BUFFER:
            raise WireError("more than one frame can hold")
        self._buffer += data

    def next(self) -> tuple[Any] | None:
        """`(value,)` when a whole frame has arrived, else None.

        Raises:
            WireError: what arrived is not a frame, or breaks a bound.
        """
        if self._announced is None and not self._read_header():
            return None
        assert self._announced is not None
        tree, layout = self._announced
        total = sum(_size(dtype, shape) for dtype, shape in layout)
        if len(self._buffer) < total:
            return None
        arrays = self._take_arrays(layout)
        self._announced = None
        return (_from_tree(tree, arrays, 0),)

    def _read_header(self) -> bool:
        if len(self._buffer) < _LENGTH.size:
            return False
        (length,) = _LENGTH.unpack_from(self._buffer)
        if length > MAX_HEADER:
            raise WireError(f"a header of {length} bytes")
        if len(self._buffer) < _LENGTH.size + length:
            return False
        header = _parse(bytes(self._buffer[_LENGTH.size : _LENGTH.size + length]))
        del self._buffer[: _LENGTH.size + length]
        if type(header) is not dict or set(header) != {"value", "arrays"} or type(header["arrays"]) is not list:
            raise WireError("a header without value and arrays")
        self._announced = (header["value"], _layout(header["arrays"]))
        return True

    def _take_arrays(self, layout: list[tuple[np.dtype, tuple[int, ...]]]) -> list[np.ndarray]:
        arrays = []
        start = 0
        for dtype, shape in layout:
            size = _size(dtype, shape)
            # A copy, so that the array owns its memory and may be written to.
            arrays.append(np.frombuffer(bytes(self._buffer[start : start + size]), dtype).reshape(shape).copy())
            start += size
        del self._buffer[:start]
        return arrays


def _parse(header: bytes) -> Any:
    try:
        return json.loads(header.decode(), parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError, MemoryError) as error:
        raise WireError(f"a header that is not JSON: {type(error).__name__}") from None


def _refuse_constant(name: str) -> Any:
    raise WireError(f"the constant {name}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    tree = dict(pairs)
    if len(tree) != len(pairs):
        raise WireError("a key given twice")
    return tree


def _layout(announced: list[Any]) -> list[tuple[np.dtype, tuple[int, ...]]]:
    if len(announced) > MAX_ARRAYS:
        raise WireError(f"{len(announced)} arrays in one frame")
    layout = []
    total = 0
    for entry in announced:
        if type(entry) is not dict or set(entry) != {"dtype", "shape"}:
            raise WireError("an array without dtype and shape")
        dtype, shape = entry["dtype"], entry["shape"]
        if type(dtype) is not str or not _DTYPE.fullmatch(dtype):
            raise WireError("an array of a dtype that is not allowed")
        if type(shape) is not list or len(shape) > MAX_DIMENSIONS:
            raise WireError("an array of too many dimensions")
        if any(type(n) is not int or not 0 <= n <= MAX_ARRAY for n in shape):
            raise WireError("an array of a size that is not allowed")
        # Zeros count as ones: numpy refuses an empty array whose other dimensions are too many.
        size = _size(np.dtype(dtype), tuple(max(n, 1) for n in shape))
        total += size
        if size > MAX_ARRAY or total > MAX_TOTAL:
            raise WireError(f"arrays of {total} bytes")
        layout.append((np.dtype(dtype), tuple(shape)))
    return layout


def _size(dtype: np.dtype, shape: tuple[int, ...]) -> int:
    return math.prod(shape) * dtype.itemsize


def _from_tree(tree: Any, arrays: list[np.ndarray], depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise WireError(f"nested more than {MAX_DEPTH} deep")
    kind = type(tree)
    if tree is None or kind is bool or kind is str:
        return tree
    if kind is float:
        if not math.isfinite(tree):  # 1e999 is JSON; what is not finite has a tag here
            raise WireError("a number that is too large")
        return tree
    if kind is int:
        if abs(tree) >= MAX_INT:
            raise WireError("an integer of more than 63 bits")
        return tree
    if kind is list:
        return [_from_tree(item, arrays, depth + 1) for item in tree]
    if "t" not in tree or "v" not in tree:
        raise WireError("a value without a tag")
    return _tagged(tree["t"], tree["v"], tree, arrays, depth)


def _tagged(tag: Any, content: Any, tree: Any, arrays: list[np.ndarray], depth: int) -> Any:
    if tag == "float" and content in ("nan", "inf", "-inf"):
        return float(content)
    if tag in ("array", "scalar") and type(content) is int and 0 <= content < len(arrays):
        array = arrays[content]
        if tag == "scalar" and array.ndim:
            raise WireError("a scalar of several numbers")
        return array if tag == "array" else array[()]
    if tag == "handle" and type(content) is int and type(tree.get("type")) is str:
        return HandleRef(content, tree["type"][:200])
    if tag == "slice" and type(content) is list and len(content) == 3:
        return slice(*map(_bound, content))
    if tag == "tuple" and type(content) is list:
        return tuple(_from_tree(item, arrays, depth + 1) for item in content)
    if tag == "dict" and type(content) is list and all(type(p) is list and len(p) == 2 for p in content):
        pairs = [[_from_tree(part, arrays, depth + 1) for part in pair] for pair in content]
        if not all(type(key) in KEYS for key, _ in pairs):
            raise WireError("a dict with a key that is no text or number")
        return dict(pairs)
    raise WireError("a value with an unknown tag")
