"""Compare what a student's code gave with what the reference gave, and explain the difference.

A value of the student's is anything at all; whatever it is, the result is a `StudentFailure` with a sentence,
never an exception of numpy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrade.checks.errormaps import error_map
from tinygrade.failures import StudentFailure
from tinygrade.worker.wire import HandleRef

#: Parity of two float64 computations of the same formula: |got - expected| <= ATOL + RTOL * |expected|.
RTOL, ATOL = 1e-7, 1e-9
KINDS = {"f": "float", "i": "integer", "u": "integer", "b": "bool"}


def compare(got: Any, expected: Any, name: str, *, rtol: float = RTOL, atol: float = ATOL) -> None:
    """Raise StudentFailure unless `got` equals `expected` within the tolerance, structure included.

    Args:
        got: what came from the student: arrays, numbers, lists, tuples, dicts, or anything else.
        expected: the same from the reference.
        name: what it is, for the message: `causal_mask(4)`; `x, y of make_batch` for a pair names each of the two.
    """
    if expected is None or isinstance(expected, str):
        if type(got) is not type(expected) or got != expected:
            raise StudentFailure(f"{name} is {describe(got)}, expected {describe(expected)}")
        return
    if isinstance(expected, list | tuple):
        _compare_sequence(got, expected, name, rtol, atol)
        return
    if isinstance(expected, dict):
        _compare_dict(got, expected, name, rtol, atol)
        return
    _compare_arrays(_array(got, name, expected), np.asarray(expected), name, rtol, atol)


def require(
    data: Any, *, shape: Any = None, dtype: str = "", finite: bool = False, name: str = "the result"
) -> None:
    """Raise StudentFailure unless `data` is an array of this shape, kind ("f", "i", "b") and finite."""
    array = _array(data, name, None)
    if dtype and array.dtype.kind != dtype:
        raise StudentFailure(f"{name} is {describe(data)}, expected {KINDS[dtype]} numbers")
    if shape is not None and array.shape != tuple(shape):
        raise StudentFailure(f"{name} has shape {array.shape}, expected {tuple(shape)}")
    if finite and not np.isfinite(array).all():
        raise StudentFailure(f"{name} holds {_nonfinite(array)}")


def describe(value: Any) -> str:
    """A short description of a value of any kind."""
    if value is None:
        return "None"
    if isinstance(value, HandleRef):
        return f"an object of type {value.type}"
    if isinstance(value, np.ndarray) and value.ndim:
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, bool | int | float | np.generic | np.ndarray):
        return f"the number {value}"
    if isinstance(value, str):
        return "a string"
    size = f" of {len(value)}" if hasattr(value, "__len__") else ""
    return f"a {type(value).__name__}{size}"


def _array(got: Any, name: str, expected: Any) -> np.ndarray:
    if isinstance(got, np.ndarray | np.generic) or type(got) in (bool, int, float):
        return np.asarray(got)
    wanted = "a number" if expected is not None and np.ndim(expected) == 0 else "an array"
    raise StudentFailure(f"{name} is {describe(got)}, expected {wanted}")


def _compare_sequence(got: Any, expected: Any, name: str, rtol: float, atol: float) -> None:
    if type(got) not in (list, tuple):
        if isinstance(got, np.ndarray) and got.ndim and len(got) == len(expected):
            got = list(got)
        else:
            raise StudentFailure(f"{name} is {describe(got)}, expected {len(expected)} values")
    if len(got) != len(expected):
        raise StudentFailure(f"{name} has {len(got)} values, expected {len(expected)}")
    for part, mine, theirs in zip(_parts(name, len(expected)), got, expected, strict=True):
        compare(mine, theirs, part, rtol=rtol, atol=atol)


def _parts(name: str, count: int) -> list[str]:
    """What the values of a sequence are called."""
    each, of, whole = name.partition(" of ")
    names = each.split(", ")
    if of and len(names) == count > 1:
        return [f"{one} of {whole}" for one in names]
    return [f"{name}[{i}]" for i in range(count)]


def _compare_dict(got: Any, expected: dict[str, Any], name: str, rtol: float, atol: float) -> None:
    if type(got) is not dict:
        raise StudentFailure(f"{name} is {describe(got)}, expected a dict")
    for key, value in expected.items():
        if key not in got:
            raise StudentFailure(f"{name} has no {key!r}")
        compare(got[key], value, f"{name} {key}", rtol=rtol, atol=atol)


def _compare_arrays(got: np.ndarray, expected: np.ndarray, name: str, rtol: float, atol: float) -> None:
    if got.shape != expected.shape:
        raise StudentFailure(f"{name} has shape {got.shape}, expected {expected.shape}")
    if (got.dtype.kind == "b") != (expected.dtype.kind == "b") or (expected.dtype.kind == "f") != (
        got.dtype.kind == "f"
    ):
        raise StudentFailure(f"{name} has dtype {got.dtype}, expected {expected.dtype}")
    if got.dtype.kind == "f" and not np.isfinite(got[np.isfinite(expected)]).all():
        message = f"{name} holds {_nonfinite(np.where(np.isfinite(expected), got, 0.0))}"
        raise StudentFailure(message, error_map=error_map(got, expected, ~np.isfinite(got), name))
    with np.errstate(all="ignore"):  # numpy would warn of differences that overflow, and of inf - inf
        wrong = _wrong_entries(got, expected, rtol, atol)
        if wrong.any():
            message = _difference(got, expected, wrong, name)
            raise StudentFailure(message, error_map=error_map(got, expected, wrong, name))


def _wrong_entries(got: np.ndarray, expected: np.ndarray, rtol: float, atol: float) -> np.ndarray:
    if expected.dtype.kind != "f":
        return np.asarray(got != expected)
    # As numpy's isclose, at a third of its time: a gradient check makes thousands of comparisons.
    near = (np.abs(got - expected) <= atol + rtol * np.abs(expected)) & np.isfinite(expected)
    return np.asarray(~(near | (got == expected)))


def _difference(got: np.ndarray, expected: np.ndarray, wrong: np.ndarray, name: str) -> str:
    distance = np.abs(got - expected) if expected.dtype.kind == "f" else wrong.astype(np.float64)
    worst = np.unravel_index(int(np.argmax(np.where(wrong, distance, -1.0))), distance.shape)
    index = "[" + ", ".join(str(int(i)) for i in worst) + "]" if worst else ""
    many = f" ({int(wrong.sum())} of {wrong.size} entries differ)" if wrong.size > 1 else ""
    return f"{name}{index}: yours {_number(got[worst])}, expected {_number(expected[worst])}{many}"


def _number(value: Any) -> str:
    return f"{float(value):.6g}" if np.asarray(value).dtype.kind == "f" else str(value)


def _nonfinite(array: np.ndarray) -> str:
    kind = "NaN" if np.isnan(array).any() else "infinity"
    where = np.argwhere(np.isnan(array) if kind == "NaN" else np.isinf(array))[0]
    index = "[" + ", ".join(str(int(i)) for i in where) + "]" if array.ndim else ""
    return f"{kind}" + (f" at {index}" if index else "")


def is_shape(value: Any) -> bool:
    return type(value) is tuple and all(type(size) is int and size >= 0 for size in value)
