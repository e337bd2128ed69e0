"""The members of a .zip, by the standard library, behind bounds that it does not have."""

from __future__ import annotations

import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from typing import BinaryIO

from tinygrade.errors import SubmissionError
from tinygrade.loaders.member import Member

#: Bytes of the table of members, which `zipfile` reads as a whole: 10,000 names of 150 bytes.
MAX_TABLE_BYTES = 2 * 1024 * 1024
ENCRYPTED = 0x1
#: Ways to pack that need little memory to unpack. LZMA may ask for gigabytes.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_END = struct.Struct("<4s4H2LH")


def members(stream: BinaryIO) -> Iterator[Member]:
    """All entries of the table, in its order.

    Raises:
        SubmissionError: the table is too large.
        zipfile.BadZipFile: it is damaged.
    """
    _require_small_table(stream)
    file = zipfile.ZipFile(stream)  # left open: members are read later, and the stream is the caller's
    for info in file.infolist():
        # orig_filename: zipfile cuts a name at a null character, and turns other separators into slashes
        name, reader = info.orig_filename, _reader(file, info)
        yield Member(name, _mode(info), info.file_size, info.compress_size, _problem(info), reader)


def _require_small_table(stream: BinaryIO) -> None:
    """The record at the end says how large the table is; it must be of the plain kind, which is enough."""
    size = stream.seek(0, 2)
    start = max(0, size - _END.size - (1 << 16) - 20)
    stream.seek(start)
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise zipfile.BadZipFile("no table at its end")
    if tail[max(0, at - 20) : max(0, at - 16)] == b"PK\x06\x07":
        raise SubmissionError("a .zip of the 64-bit kind is not accepted; pack the folder of the package only")
    table = _END.unpack_from(tail, at)[5]
    if table > MAX_TABLE_BYTES:
        raise SubmissionError(f"the .zip has a table of {table:,} bytes; pack the folder of the package only")
    stream.seek(0)


def _mode(info: zipfile.ZipInfo) -> int:
    """File, folder, or what a Unix system packed; other systems leave the upper half empty."""
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) and not stat.S_ISREG(mode):
        return mode
    return stat.S_IFDIR if info.orig_filename.endswith("/") else stat.S_IFREG


def _problem(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & ENCRYPTED:
        return "is encrypted; pack it without a password"
    if info.compress_type not in METHODS:
        return f"is packed by method {info.compress_type}; pack it by the usual one (deflate)"
    return ""


def _reader(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        with file.open(info) as member:
            content = member.read(most)
            if len(content) != info.file_size:
                raise zipfile.BadZipFile(f"{info.orig_filename} ends too early, or is larger than the table says")
            member.read(1)  # at its end the checksum is compared
            return content

    return read
