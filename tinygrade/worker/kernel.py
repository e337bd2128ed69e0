"""The few Linux calls that Python does not offer, by ctypes, for x86-64 and aarch64."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

#: Column of the tables in `syscalls.py`, or None where none of this applies.
COLUMN = {"x86_64": 0, "aarch64": 1}.get(os.uname().machine) if sys.platform == "linux" else None
#: A 32-bit interpreter on a 64-bit kernel has other numbers.
KNOWN = COLUMN is not None and sys.maxsize > 1 << 32

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def syscall(number: int, *args: Any) -> int:
    """The raw system call.

    Raises:
        OSError: with the kernel's errno.
    """
    return _checked(_function("syscall")(ctypes.c_long(number), *map(_wide, args)))


def prctl(option: int, *args: int) -> int:
    """prctl(2); what is not given is 0.

    Raises:
        OSError: with the kernel's errno.
    """
    padded = [*args, 0, 0, 0, 0][:4]
    return _checked(_function("prctl")(ctypes.c_int(option), *map(ctypes.c_ulong, padded)))


def _function(name: str) -> Any:
    function = getattr(_libc, name)
    function.restype = ctypes.c_long if name == "syscall" else ctypes.c_int
    return function


def _wide(value: Any) -> Any:
    return ctypes.c_long(value) if isinstance(value, int) else value


def _checked(result: int) -> int:
    if result == -1:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return int(result)
