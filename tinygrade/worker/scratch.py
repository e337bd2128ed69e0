"""The one folder that a worker may write to, where the assignment asks for one: empty, capped, its working folder.

Where the kernel allows it, a file system in memory takes the folder's place, in a mount namespace of this worker: the
kernel holds the cap, nobody else can see it, and it ends with the worker. Elsewhere it is the ordinary folder that the
trusted side made; one file is held to the cap by a resource limit, and all together are watched from there.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any

from . import kernel

#: Files that there may be; the root of the file system takes one more node.
FILES = 256
#: linux/mount.h: nothing in there is a program, a device, or another user's.
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 2, 4, 8, 1 << 14, 1 << 18
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
UNSHARE, MOUNT = (272, 97), (165, 40)

CAPPED, WATCHED = "capped", "watched"


def enter(folder: str, mib: int, uid: int | None, *, mount: bool) -> str:
    """Make `folder` the working folder, empty and for this process.

    Args:
        uid: the user that this process will become, or None.
        mount: try to put a file system of its own there. An ordinary user gains capabilities by that, over nothing but
            its own namespace, which must be dropped afterwards.

    Returns:
        CAPPED when the kernel holds the cap, WATCHED when the trusted side has to.
    """
    capped = mount and _mounted(folder, mib, os.geteuid() if uid is None else uid)
    if uid is not None and not capped:
        os.chown(folder, uid, uid)
    os.chdir(folder)
    return CAPPED if capped else WATCHED


def _mounted(folder: str, mib: int, uid: int) -> bool:
    try:
        _namespace()
        _mount(b"none", b"/", b"", MS_REC | MS_PRIVATE, b"")  # what is mounted from here on stays here
        options = f"size={mib}m,nr_inodes={FILES + 1},mode=0700,uid={uid},gid={_group(uid)}"
        _mount(b"tinygrade", os.fsencode(folder), b"tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options.encode())
    except OSError:  # no such right here: containers and hardened systems keep it
        return False
    return True


def _namespace() -> None:
    """A mount namespace: root's by right, an ordinary user's inside a user namespace in which it is itself."""
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        _call(UNSHARE, CLONE_NEWNS)
        return
    _call(UNSHARE, CLONE_NEWNS | CLONE_NEWUSER)
    for file, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{file}", "w") as mapping:
            mapping.write(text)


def _group(uid: int) -> int:
    return os.getegid() if uid == os.geteuid() else uid


def _mount(source: bytes, target: bytes, kind: bytes, flags: int, options: bytes) -> None:
    texts = [ctypes.c_char_p(text) for text in (source, target, kind)]
    _call(MOUNT, *texts, flags, ctypes.c_char_p(options))


def _call(numbers: tuple[int, int], *args: Any) -> None:
    if kernel.COLUMN is None:
        raise OSError("not on this system")
    kernel.syscall(numbers[kernel.COLUMN], *args)
