"""Resource limits: what one worker may take, held by the kernel on every POSIX system."""

from __future__ import annotations

from typing import Any

MIB = 1 << 20


def wanted(memory_mib: int, cpu_seconds: float, file_mib: int = 0) -> dict[str, int]:
    """Names of the module `resource` and their values."""
    return {
        "RLIMIT_CPU": int(cpu_seconds) + 2,  # behind the trusted side's clock
        "RLIMIT_AS": memory_mib * MIB,
        "RLIMIT_DATA": memory_mib * MIB,
        "RLIMIT_STACK": 8 * MIB,
        "RLIMIT_FSIZE": file_mib * MIB,
        "RLIMIT_NOFILE": 64,
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_SIGPENDING": 64,
        "RLIMIT_NPROC": 64,  # without effect for uid 0; seccomp does the work
        "RLIMIT_NICE": 0,
        "RLIMIT_RTPRIO": 0,
    }


def apply(memory_mib: int, cpu_seconds: float, file_mib: int = 0) -> None:
    """Set all that this system knows, so that none can be raised again."""
    import resource

    for name, value in wanted(memory_mib, cpu_seconds, file_mib).items():
        if hasattr(resource, name):
            # CPU time: SIGXCPU first, so that the end can be told from one for lack of memory.
            _set(resource, getattr(resource, name), value, value + 2 if name == "RLIMIT_CPU" else value)


def _set(resource: Any, kind: int, soft: int, hard: int) -> None:
    _, most = resource.getrlimit(kind)
    values = (soft, hard) if most == resource.RLIM_INFINITY else (min(soft, most), min(hard, most))
    try:
        resource.setrlimit(kind, values)
    except (ValueError, OSError):  # macOS refuses some limits; the canary reports what is missing
        return
