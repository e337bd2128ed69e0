"""Models in files: .npz without pickle, written whole or not at all, and read as if a stranger had written them."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from tinygrade import UsageError
from tinygrade.cli.outputs import write_file

from .models import MOST_LAYERS, MOST_WIDTH, Size

#: Bytes of a file, and of all that is packed in it. The largest model has about 13 MB.
MOST_BYTES = 32 << 20
_FORMAT = 1
#: Names and sizes of a header; numpy's own limit for files that are not trusted.
_HEADER = 10_000


def save(file: Path, size: Size, weights: dict[str, np.ndarray]) -> None:
    """Write a checkpoint; the same weights give the same bytes.

    Raises:
        UsageError: it cannot be written.
    """
    about = np.array([_FORMAT, size.layers, size.width, size.heads])
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, about=about, **weights)
    write_file(file, buffer.getvalue())


def load(file: Path) -> tuple[Size, dict[str, np.ndarray]]:
    """The model in a checkpoint, as float64.

    Raises:
        UsageError: it cannot be read, or holds anything else than one of our models.
    """
    try:
        if file.stat().st_size > MOST_BYTES:
            raise _Damaged("is too large")
        with zipfile.ZipFile(file) as archive:
            return _read(archive)
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror or error}") from error
    except _Damaged as problem:
        raise UsageError(f"{file}: is no checkpoint of this course: it {problem}") from problem
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, RuntimeError, zlib.error) as problem:
        raise UsageError(f"{file}: is no checkpoint of this course, or a damaged one") from problem


class _Damaged(Exception):
    """What is wrong with a checkpoint, in words that follow "it"."""


def _read(archive: zipfile.ZipFile) -> tuple[Size, dict[str, np.ndarray]]:
    if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
        raise _Damaged("is too large")
    format, layers, width, heads = (int(number) for number in _array(archive, "about", (4,), "i"))
    if format != _FORMAT:
        raise _Damaged(f"has format {format}, and this version reads {_FORMAT}")
    if not (1 <= layers <= MOST_LAYERS and 2 <= width <= MOST_WIDTH and heads >= 1 and width % heads == 0):
        raise _Damaged("describes no model that can be built")
    size = Size(layers, width, heads)
    names = {name.removesuffix(".npy") for name in archive.namelist()} - {"about"}
    if names != set(size.shapes()):
        odd = sorted(names ^ set(size.shapes()))[0]
        raise _Damaged(f"does not hold the parameters of a {size.name} model: see {odd[:60]!r}")
    weights = {name: _array(archive, name, shape, "f") for name, shape in size.shapes().items()}
    if not all(np.isfinite(array).all() for array in weights.values()):
        raise _Damaged("holds weights that are no numbers")
    return size, {name: array.astype(np.float64) for name, array in weights.items()}


def _array(archive: zipfile.ZipFile, name: str, shape: tuple[int, ...], kind: str) -> np.ndarray:
    """One entry, whose header is held against `shape` before anything is allocated."""
    try:
        with archive.open(f"{name}.npy") as stream:
            found, dtype = _header(stream)
    except KeyError:
        raise _Damaged(f"lacks {name!r}") from None
    if found != shape or dtype.kind != kind or dtype.itemsize > 8:
        raise _Damaged(f"holds {name!r} as {dtype} {found}, expected shape {shape}")
    with archive.open(f"{name}.npy") as stream:
        return np.asarray(np.lib.format.read_array(stream, allow_pickle=False, max_header_size=_HEADER))


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise _Damaged("has arrays of an unknown format")
    shape, _, dtype = read(stream, max_header_size=_HEADER)
    return shape, dtype
