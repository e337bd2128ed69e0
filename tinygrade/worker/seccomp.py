"""seccomp: a filter over system calls, for what no rule about files can refuse.

A program in the kernel's classic BPF. Whatever is not of this architecture ends the process, whatever is newer
than our list does not exist, what reaches out of the process is refused, and the rest is allowed.
"""

from __future__ import annotations

import ctypes
import errno
import struct
from collections.abc import Collection
from typing import TypeVar

from . import kernel
from .syscalls import DENIED, LAST, PARTLY

# linux/bpf_common.h: what an instruction does.
LOAD, AND, RETURN = 0x20, 0x54, 0x06
IF_EQUAL, IF_GREATER, IF_ANY_BIT = 0x15, 0x25, 0x45
# linux/seccomp.h: what the filter sees, and what it may answer.
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
ALLOW, KILL, FAIL = 0x7FFF0000, 0x80000000, 0x00050000
SET_MODE_FILTER, GET_ACTION_AVAIL, ALL_THREADS = 1, 2, 1
SECCOMP = (317, 277)
AUDIT_ARCH = (0xC000003E, 0xC00000B7)
X32 = 0x40000000

PR_SET_NO_NEW_PRIVS = 38
#: Names of threads and memory areas, and questions. Among the rest: who is killed with whom, who may trace whom.
PRCTL_ALLOWED = (2, 3, 15, 16, 21, 23, 39, 0x53564D41)
#: Who gets a file's signals (SETOWN, SETSIG, SETOWN_EX), leases, notifications, the size of a pipe.
FCNTL_DENIED = (8, 10, 15, 1024, 1026, 1031)
#: Pushing input into a terminal (TIOCSTI, TIOCLINUX), and who gets the signals of a socket.
IOCTL_DENIED = (0x5412, 0x541C, 0x8901, 0x8902)
O_ACCMODE, O_TRUNC = 0o3, 0o1000
#: Stands for the worker's process id in a prepared filter; larger than any.
ANY_PID = 0x7FFFFFFF

T = TypeVar("T")
Instruction = tuple[int, int, int, int]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def available() -> bool:
    """Can this kernel filter system calls, and do we know its numbers?"""
    if not kernel.KNOWN:
        return False
    try:
        kernel.syscall(_here(SECCOMP), GET_ACTION_AVAIL, 0, ctypes.byref(ctypes.c_uint32(FAIL)))
    except OSError:
        return False
    return True


def prepare(allowed: Collection[str] = ()) -> bytes:
    """The filter in the kernel's form, but for the number of the process. Made once, for many workers."""
    return b"".join(map(_pack, program(ANY_PID, allowed)))


def restrict_self(prepared: bytes, pid: int) -> None:
    """Apply the filter to all threads of this process, whose number is `pid`, for good."""
    kernel.prctl(PR_SET_NO_NEW_PRIVS, 1)
    packed = of_process(prepared, pid)
    whole = _Program(len(packed) // 8, packed)
    kernel.syscall(_here(SECCOMP), SET_MODE_FILTER, ALL_THREADS, ctypes.byref(whole))


def of_process(prepared: bytes, pid: int) -> bytes:
    return prepared.replace(_pack(_is(ANY_PID)), _pack(_is(pid)))


def program(pid: int, allowed: Collection[str] = ()) -> list[Instruction]:
    """The filter of a worker with this process id, which may make the calls `allowed` all the same."""
    code = _entry()
    for name, numbers in DENIED.items():
        if name not in allowed:
            code += _when(_here(numbers), [_fail(errno.EPERM)])
    for name, body in _partly(pid).items():
        code += _when(_here(PARTLY[name]), body)
    return [*code, (RETURN, 0, 0, ALLOW)]


def _entry() -> list[Instruction]:
    kill = (RETURN, 0, 0, KILL)
    code = [_load(ARCHITECTURE), (IF_EQUAL, 1, 0, _here(AUDIT_ARCH)), kill, _load(NUMBER)]
    if kernel.COLUMN == 0:  # the x32 numbers of x86-64 would pass by every comparison below
        code += [(IF_ANY_BIT, 0, 1, X32), kill]
    # As an old kernel answers: libc then takes the older call.
    return [*code, (IF_GREATER, 0, 1, LAST), _fail(errno.ENOSYS)]


def _partly(pid: int) -> dict[str, list[Instruction]]:
    """What happens to the calls that are allowed with some arguments only."""
    itself = _only(0, (pid,))
    return {
        "clone3": [_fail(errno.ENOSYS)],  # its flags lie in memory, where a filter cannot look
        "clone": [_fail(errno.EAGAIN)],
        "openat2": [_fail(errno.ENOSYS)],
        "kill": itself,
        "tkill": itself,
        "tgkill": itself,
        "prlimit64": _only(0, (0,)),
        "prctl": _only(0, PRCTL_ALLOWED),
        "fcntl": _except(1, FCNTL_DENIED),
        "ioctl": _except(1, IOCTL_DENIED),
        "open": _no_truncation_by_readers(1),
        "openat": _no_truncation_by_readers(2),
    }


def _only(argument: int, values: tuple[int, ...]) -> list[Instruction]:
    allowed = [step for value in values for step in (_is(value), (RETURN, 0, 0, ALLOW))]
    return [_argument(argument), *allowed, _fail(errno.EPERM)]


def _except(argument: int, values: tuple[int, ...]) -> list[Instruction]:
    refused = [step for value in values for step in (_is(value), _fail(errno.EPERM))]
    return [_argument(argument), *refused, (RETURN, 0, 0, ALLOW)]


def _no_truncation_by_readers(argument: int) -> list[Instruction]:
    """O_RDONLY | O_TRUNC empties a file; Landlock before ABI 3 takes it for reading."""
    flags = [_argument(argument), (AND, 0, 0, O_ACCMODE | O_TRUNC)]
    return [*flags, _is(O_TRUNC), _fail(errno.EPERM), (RETURN, 0, 0, ALLOW)]


def _when(number: int | None, body: list[Instruction]) -> list[Instruction]:
    """`body`, which returns on every path, for this system call."""
    return [] if number is None else [(IF_EQUAL, 0, len(body), number), *body]


def _is(value: int) -> Instruction:
    """Skip the next instruction unless the value is this one."""
    return (IF_EQUAL, 0, 1, value)


def _pack(instruction: Instruction) -> bytes:
    return struct.pack("=HBBI", *instruction)


def _fail(number: int) -> Instruction:
    return (RETURN, 0, 0, FAIL | number)


def _load(offset: int) -> Instruction:
    return (LOAD, 0, 0, offset)


def _argument(index: int) -> Instruction:
    """The low half: process ids, flags and commands are 32 bits wide for the kernel, too."""
    return _load(ARGUMENTS + 8 * index)


def _here(numbers: tuple[T, T]) -> T:
    """The one of this architecture."""
    assert kernel.COLUMN is not None
    return numbers[kernel.COLUMN]
