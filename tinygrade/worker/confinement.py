"""What a worker gives up before it loads student code.

Here: session, death with its parent, resource limits. Landlock and seccomp take their place in `confine`,
after the limits and before anything of the student's is loaded.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Any

PR_SET_PDEATHSIG = 1


def confine(limits: dict[str, Any], parent: int) -> None:
    """Apply everything this system has.

    Args:
        limits: `memory_mib`, `cpu_seconds` (a backstop behind the trusted side's clock).
        parent: process id of the zygote; the worker ends itself when that is gone already.
    """
    os.umask(0o077)
    if hasattr(os, "setsid") and os.getpid() != os.getsid(0):
        os.setsid()
    if sys.platform == "linux":
        die_with_parent(parent)
    if os.name == "posix":
        _limit_resources(limits)


def die_with_parent(parent: int) -> None:
    """SIGKILL this process when its parent ends; the parent may have ended before this call."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _limit_resources(limits: dict[str, Any]) -> None:
    import resource

    mib = 1 << 20
    cpu = int(limits["cpu_seconds"]) + 2
    wanted = {
        "RLIMIT_CPU": cpu,
        "RLIMIT_AS": limits["memory_mib"] * mib,
        "RLIMIT_DATA": limits["memory_mib"] * mib,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_NOFILE": 64,
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_NPROC": 64,  # without effect for uid 0
    }
    for name, value in wanted.items():
        if hasattr(resource, name):
            # CPU time: SIGXCPU first, so that the end can be told from one for lack of memory.
            _set(resource, getattr(resource, name), value, value + 2 if name == "RLIMIT_CPU" else value)


def _set(resource: Any, kind: int, soft: int, hard: int) -> None:
    _, most = resource.getrlimit(kind)
    wanted = (soft, hard) if most == resource.RLIM_INFINITY else (min(soft, most), min(hard, most))
    try:
        resource.setrlimit(kind, wanted)
    except (ValueError, OSError):  # macOS refuses some limits; the canary reports what is missing
        return
