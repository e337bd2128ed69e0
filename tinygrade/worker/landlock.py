"""Landlock: the kernel refuses every file that is not named here, TCP, and reaching out of the sandbox.

The kernel's interface is `linux/landlock.h`; its ABI number says which rights a kernel knows. All rights that it
knows are handled, so that what no rule allows is refused. Not covered by any ABI: `stat` and `readlink` of a path
that is known, and changes of attributes (seccomp refuses those).
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from . import kernel

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every architecture
VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION
PATH_BENEATH = 1

WRITE_FILE, READ_FILE, READ_DIR, REMOVE_FILE, MAKE_FILE, TRUNCATE = 1 << 1, 1 << 2, 1 << 3, 1 << 5, 1 << 8, 1 << 14
#: For files and nothing else: no folder, link, FIFO, socket or device can be made.
KEEP_FILES = READ_FILE | READ_DIR | WRITE_FILE | REMOVE_FILE | MAKE_FILE | TRUNCATE
#: Number of file rights by ABI: 13 in the first, then REFER, TRUNCATE, and IOCTL_DEV with ABI 5.
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
FILE_RIGHTS_NEWEST = 16
TCP_BIND_AND_CONNECT = 0b11  # ABI 4
ABSTRACT_SOCKETS_AND_SIGNALS = 0b11  # ABI 6
LOG_SAME_EXEC_OFF = 1  # ABI 7


class _Attributes(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def abi() -> int:
    """The kernel's version of Landlock; 0 when it has none, or when it is turned off."""
    if not kernel.KNOWN:
        return 0
    try:
        return kernel.syscall(CREATE_RULESET, None, 0, VERSION)
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM):  # EPERM: an outer seccomp filter
            return 0
        raise


def make_ruleset(readable: Iterable[Path], writable: Path | None = None) -> int:
    """A ruleset, as a file descriptor, that allows reading these files and folders and nothing else.

    /dev/null may be written to as well, and files may be kept in the folder `writable`. Made once in the zygote, as
    long as there is no such folder; each worker only applies it.
    """
    attributes = _attributes(abi())
    size = ctypes.sizeof(attributes)
    ruleset = kernel.syscall(CREATE_RULESET, ctypes.byref(attributes), size, 0)
    for path in readable:
        _allow(ruleset, path, READ_FILE | READ_DIR)
    _allow(ruleset, Path(os.devnull), READ_FILE | WRITE_FILE)
    if writable is not None:
        _allow(ruleset, writable, KEEP_FILES & attributes.files)
    return ruleset


def restrict_self(ruleset: int) -> None:
    """Apply it to this thread, for good. There must be no other thread yet: it would stay free.

    Newer kernels write each refusal to the audit log unless they are told not to; a loop would fill it.
    """
    kernel.syscall(RESTRICT_SELF, ruleset, LOG_SAME_EXEC_OFF if abi() >= 7 else 0)


def _attributes(version: int) -> _Attributes:
    files = (1 << FILE_RIGHTS.get(version, FILE_RIGHTS_NEWEST)) - 1
    network = TCP_BIND_AND_CONNECT if version >= 4 else 0
    # An older kernel takes the longer structure as long as what it does not know is zero.
    return _Attributes(files, network, ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # what is not there, or what this user cannot reach, need not be allowed
        return
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= ~READ_DIR  # the kernel refuses rights of folders for files
        rule = _Beneath(rights, fd)
        kernel.syscall(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(fd)
