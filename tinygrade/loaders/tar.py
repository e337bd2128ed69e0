"""The members of a .tar or .tar.gz, by the standard library, behind bounds that it does not have."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from tinygrade.errors import SubmissionError
from tinygrade.loaders import rules
from tinygrade.loaders.member import Member

#: Bytes of the whole archive, unpacked: a skipped member must be unpacked, too.
MAX_UNPACKED = 64 * 1024 * 1024


def members(stream: BinaryIO) -> Iterator[Member]:
    """All members, in order. The contents of modules are kept: a stream cannot go back.

    Raises:
        SubmissionError: it unpacks to too much.
        tarfile.TarError: it is damaged.
    """
    magic = stream.read(2)
    stream.seek(0)
    source: Any = gzip.GzipFile(fileobj=stream) if magic == b"\x1f\x8b" else stream
    kept = 0
    with tarfile.open(fileobj=_Bounded(source), mode="r|") as file:
        for info in file:
            content = _content(file, info)
            kept += len(content)
            if kept > rules.MAX_BYTES:
                raise SubmissionError(f"the archive's .py files are larger than {rules.MAX_BYTES >> 20} MiB together")
            yield Member(info.name, _mode(info), info.size, None, _problem(info), _given(content))


def _content(file: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    """What a module holds; nothing of a member that is refused or skipped anyway."""
    is_module = info.isreg() and rules.is_module(info.name.rpartition("/")[2])
    if not is_module or info.size > rules.MAX_FILE_BYTES or info.issparse():
        return b""
    extracted = file.extractfile(info)
    content = extracted.read(rules.MAX_FILE_BYTES + 1) if extracted else b""
    if len(content) != info.size:
        raise tarfile.ReadError(f"{info.name} ends too early")
    return content


class _Bounded(io.RawIOBase):
    """A stream that ends with an error when it was read for too long."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self._left = MAX_UNPACKED

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._source.read(min(size, 1 << 16) if size >= 0 else 1 << 16)
        self._left -= len(data)
        if self._left < 0:
            raise SubmissionError(f"the archive unpacks to more than {MAX_UNPACKED >> 20} MiB; pack the package only")
        return data


def _mode(info: tarfile.TarInfo) -> int:
    if info.isdir():
        return stat.S_IFDIR
    if info.isreg():
        return stat.S_IFREG
    kinds = {tarfile.FIFOTYPE: stat.S_IFIFO, tarfile.CHRTYPE: stat.S_IFCHR, tarfile.BLKTYPE: stat.S_IFBLK}
    return kinds.get(info.type, stat.S_IFLNK)  # hard links, too: they lead to something else


def _problem(info: tarfile.TarInfo) -> str:
    return "is a file with holes; pack it as an ordinary one" if info.issparse() else ""


def _given(content: bytes) -> Callable[[int], bytes]:
    return lambda most: content[:most]
