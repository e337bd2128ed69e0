"""What a worker gives up before it loads student code, and in which order.

Session and death with its parent, resource limits, user and capabilities, Landlock, seccomp. Each step is taken
as far as this system has it: that a step is missing shows in `Applied`, and in what the canary can do. A step that
is there and fails is an error, and no worker.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import kernel, landlock, limits, privileges, readable, scratch, seccomp

PR_SET_PDEATHSIG = 1
#: What the trusted side may leave out: `--isolation none`, and tests of the lower levels.
STEPS = ("landlock", "seccomp", "privileges")
#: Calls that a worker with a folder of its own may make; Landlock holds them to that folder.
NAMES_OF_FILES = ("unlink", "unlinkat", "rename", "renameat", "renameat2", "creat", "truncate")


class ConfinementError(RuntimeError):
    """A step that this system has could not be taken."""


@dataclass(frozen=True)
class Applied:
    """What was applied to one worker."""

    #: 0 when there is no Landlock.
    landlock_abi: int
    seccomp: bool
    #: Does it run as a user that owns nothing, although the grader is root?
    uid_dropped: bool
    #: Is any capability left?
    capabilities: bool
    #: Who holds the cap of the folder that it may write to: see `scratch.py`; "" when there is none.
    scratch: str


class Confinement:
    """What can be prepared once and then applied to many workers: a ruleset and an unused user id.

    Args:
        without: names of `STEPS` that are left out.
    """

    def __init__(self, without: Collection[str] = ()) -> None:
        if os.name == "posix":
            import resource  # noqa: F401  # here, and not in each worker
        self._uid = None if "privileges" in without else privileges.unused_uid(_needed())
        self._drop = kernel.KNOWN and "privileges" not in without
        self._abi = 0 if "landlock" in without else landlock.abi()
        self._readable = readable.paths() if self._abi else []
        self._ruleset = landlock.make_ruleset(self._readable) if self._abi else -1
        filtered = "seccomp" not in without and seccomp.available()
        self._filter = seccomp.prepare() if filtered else b""
        # Without Landlock these calls would reach every file of the user.
        self._filter_of_writers = seccomp.prepare(NAMES_OF_FILES if self._abi else ()) if filtered else b""

    def apply(self, limited: dict[str, Any], parent: int) -> Applied:
        """Confine this process, which has a single thread, for good.

        Args:
            limited: `memory_mib`, `cpu_seconds`, and `scratch`: None, or `folder` and `mib` of what it may write.
            parent: its parent's process id; the worker ends itself when that is gone already.

        Raises:
            ConfinementError: the worker must not load student code.
        """
        try:
            held = self._apply(limited, parent)
        except OSError as error:
            raise ConfinementError(f"{type(error).__name__}: {error}") from error
        return Applied(self._abi, bool(self._filter), self._uid is not None, privileges.capabilities() != 0, held)

    def _apply(self, limited: dict[str, Any], parent: int) -> str:
        _only_one_thread()
        os.umask(0o077)
        if hasattr(os, "setsid") and os.getpid() != os.getsid(0):
            os.setsid()
        held = self._enter_scratch(limited["scratch"]) if limited["scratch"] else ""
        if os.name == "posix":
            limits.apply(limited["memory_mib"], limited["cpu_seconds"], limited["scratch"]["mib"] if held else 0)
        if self._uid is not None:
            privileges.become(self._uid)
        if self._drop:
            privileges.drop_capabilities()
        if sys.platform == "linux":
            die_with_parent(parent)  # after the change of user, which would undo it
        if self._ruleset >= 0:
            kernel.prctl(seccomp.PR_SET_NO_NEW_PRIVS, 1)
            landlock.restrict_self(self._ruleset)
            os.close(self._ruleset)
        if held and not os.access(".", os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError("the scratch folder cannot be written to")
        if self._filter:  # last: it refuses most of the steps before it
            seccomp.restrict_self(self._filter_of_writers if held else self._filter, os.getpid())
        return held

    def _enter_scratch(self, wanted: dict[str, Any]) -> str:
        held = scratch.enter(wanted["folder"], wanted["mib"], self._uid, mount=self._drop)
        if self._ruleset >= 0:  # the folder is this worker's alone, and so are the rules
            os.close(self._ruleset)
            self._ruleset = landlock.make_ruleset(self._readable, writable=Path())
        return held


def die_with_parent(parent: int) -> None:
    """SIGKILL this process when its parent ends; the parent may have ended before this call."""
    kernel.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _only_one_thread() -> None:
    """A thread that runs already would stay outside of Landlock."""
    tasks = "/proc/self/task"
    if os.path.isdir(tasks) and len(os.listdir(tasks)) > 1:
        raise ConfinementError("a thread was started before the confinement")


def _needed() -> list[Path]:
    """What a worker that is another user must still be able to read."""
    import numpy

    return [Path(os.__file__), Path(numpy.__file__)]
