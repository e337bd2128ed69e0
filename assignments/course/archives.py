"""Checkpoints that students wrote, seen from outside: is anything in them a pickle, and is one of ours ever run?

Bytes of a student's are read by header only, and nothing is unpickled here.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import numpy as np

#: What a header may take, and the members of an archive that are looked at.
_HEADER, _MOST = 10_000, 2_000
#: Written by a program that runs when the pickle of `hostile` is read.
TRACE = "a_program_ran"
#: The pickle: it calls numpy.savetxt(TRACE, [1]), as any program could be called.
_PICKLE = b"cnumpy\nsavetxt\n(V" + TRACE.encode() + b"\n(I1\nltR."


def problem(content: bytes) -> str:
    """What keeps the file from being an archive of plain arrays, "" where nothing does."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()[:_MOST]
            return next(filter(None, (_problem_of(archive, name) for name in names)), "" if names else "it is empty")
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, NotImplementedError, RuntimeError, OSError):
        return "it cannot be read by numpy without pickle"


def _problem_of(archive: zipfile.ZipFile, name: str) -> str:
    shown = ascii(name[:60])
    if not name.endswith(".npy"):
        return f"{shown} in it is no array"
    with archive.open(name) as stream:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        _, _, dtype = read(stream, max_header_size=_HEADER)
    return f"{shown} in it is a pickle" if dtype.hasobject else ""


def hostile(content: bytes) -> bytes:
    """The same archive with a pickle in the place of every array."""
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }"
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    member = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + _PICKLE
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(buffer, "w") as spoilt:
        for name in archive.namelist()[:_MOST]:
            spoilt.writestr(name, member)
    return buffer.getvalue()
