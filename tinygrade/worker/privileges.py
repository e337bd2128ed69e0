"""What root gives up: its user, when an unused one can read the interpreter, and in any case its capabilities."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

from . import kernel

#: Unused on the systems that we know; from 61184 on systemd hands out numbers of its own.
FIRST_UID, UIDS = 60000, 1000
CAPGET, CAPSET = (125, 90), (126, 91)
CAPABILITY_VERSION_3 = 0x20080522
PR_CAPBSET_DROP, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 24, 47, 4
CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_SETPCAP = 5, 6, 7, 8
MOST_CAPABILITIES = 64


def unused_uid(needed: Iterable[Path]) -> int | None:
    """A user id for workers that can read `needed`; None when there is no need for one, or no way.

    Tried by a child process, because a change of user cannot be taken back. Without CAP_KILL we could not end a
    worker of another user.
    """
    if not kernel.KNOWN or os.geteuid() != 0 or not _has({CAP_KILL, CAP_SETGID, CAP_SETUID}):
        return None
    uid = FIRST_UID + os.getpid() % UIDS
    while _is_known(uid):
        uid += 1
    return uid if _can_read(uid, list(needed)) else None


def capabilities() -> int:
    """The effective ones of this process, as bits; 0 where there is no such thing."""
    if not kernel.KNOWN:
        return 0
    assert kernel.COLUMN is not None
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then their upper halves
    kernel.syscall(CAPGET[kernel.COLUMN], ctypes.byref(_header()), ctypes.byref(sets))
    return int(sets[0] | sets[3] << 32)


def _has(wanted: set[int]) -> bool:
    held = capabilities()
    return all(held >> number & 1 for number in wanted)


def _header() -> ctypes.Array[ctypes.c_uint32]:
    return (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)


def _is_known(uid: int) -> bool:
    import pwd

    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _can_read(uid: int, needed: list[Path]) -> bool:
    child = os.fork()
    if child == 0:
        try:
            become(uid)
            os._exit(0 if all(os.access(path, os.R_OK) for path in needed) else 1)
        except OSError:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def become(uid: int) -> None:
    """Another user in a group of its own number, without supplementary groups, for good."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def drop_capabilities() -> None:
    """None is left, and none can come back: ambient, bounding, then the process's own."""
    prctl_if_known(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    if _has({CAP_SETPCAP}):
        for number in range(MOST_CAPABILITIES):
            prctl_if_known(PR_CAPBSET_DROP, number)
    assert kernel.COLUMN is not None
    kernel.syscall(CAPSET[kernel.COLUMN], ctypes.byref(_header()), ctypes.byref((ctypes.c_uint32 * 6)()))


def prctl_if_known(option: int, *args: int) -> None:
    """EINVAL means that this kernel has no such option or capability, so that there is nothing to give up."""
    try:
        kernel.prctl(option, *args)
    except OSError:
        return
