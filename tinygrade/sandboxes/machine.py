"""What this machine has for confining student code, and what would make it better: the words of `tinygrade doctor`."""

from __future__ import annotations

import os
import platform
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from tinygrade.isolation import Isolation

#: What a run at each level promises, in one sentence; SECURITY.md says it at length.
PROMISES = {
    "strong": "nothing that was tried was possible: student code can be graded that you do not trust",
    "weak": "accidents are stopped, an attacker is not: grade only code that you trust",
    "none": "only resource limits hold: grade only code that you would run yourself",
}


#: Who holds the cap of the folder that an assignment may ask for; see `tinygrade.worker.scratch`.
SCRATCH = {
    "": "not examined",
    "capped": "in memory, capped by the kernel",
    "watched": "on the disk, watched by the grader twenty times a second: a mount namespace cannot be had here",
}


@dataclass(frozen=True)
class Machine:
    """Facts that the level depends on."""

    system: str
    #: 0 for root, -1 where there is no such number.
    uid: int
    interpreter: Path
    #: The installation that a virtual environment was made from, or the interpreter's own.
    base: Path
    packages_inside_stdlib: bool

    @property
    def is_linux(self) -> bool:
        return self.system.startswith("Linux")

    @property
    def in_environment(self) -> bool:
        return Path(sys.prefix) != self.base


def look() -> Machine:
    """This machine, as far as it can be read without trying anything."""
    library = Path(sysconfig.get_path("stdlib")).resolve()
    return Machine(
        system=f"{platform.system()} {platform.release()}, {platform.machine()}",
        uid=os.geteuid() if hasattr(os, "geteuid") else -1,
        interpreter=Path(sys.executable),
        base=Path(sys.base_prefix),
        packages_inside_stdlib=library in Path(sysconfig.get_path("purelib")).resolve().parents,
    )


def table(machine: Machine, isolation: Isolation) -> list[tuple[str, str]]:
    """Name and value of each fact, in the order in which they are shown."""
    return [
        ("system", machine.system),
        ("Landlock", f"ABI {isolation.landlock_abi}" if isolation.landlock_abi else "not there"),
        ("seccomp", "filters system calls" if isolation.seccomp else "not there"),
        ("you are", _user(machine)),
        ("workers are", _workers(machine, isolation)),
        ("Python", f"{platform.python_version()}, {machine.interpreter}{_environment(machine)}"),
        ("numpy", _numpy()),
        ("packages", "inside the library's folder" if machine.packages_inside_stdlib else "in a folder of their own"),
        ("scratch", SCRATCH[isolation.scratch]),
        ("isolation", isolation.level),
        ("missing", ", ".join(isolation.missing) or "nothing"),
        ("that means", PROMISES[isolation.level]),
    ]


def _user(machine: Machine) -> str:
    if machine.uid < 0:
        return "an ordinary user"
    return "root" if machine.uid == 0 else f"an ordinary user ({machine.uid})"


def _workers(machine: Machine, isolation: Isolation) -> str:
    if isolation.uid_dropped:
        return "a user that owns nothing"
    if machine.uid != 0:
        return "the same user"
    return "root" if isolation.capabilities else "root without any capability"


def _environment(machine: Machine) -> str:
    return f" (environment of {machine.base})" if machine.in_environment else ""


def _numpy() -> str:
    import numpy

    return f"{numpy.__version__}, {Path(numpy.__file__).parent}"


def advice(machine: Machine, isolation: Isolation) -> list[str]:
    """What to do, most important first; empty when there is nothing to better."""
    if not machine.is_linux:
        return ["Landlock and seccomp are part of Linux: grade other people's code there, or in a container or WSL 2."]
    found = []
    if not isolation.landlock_abi:
        found.append(
            "Landlock needs Linux 5.13 or later with `landlock` among its security modules (boot parameter lsm=, "
            "shown in /sys/kernel/security/lsm), and in a container a runtime that allows its system calls."
        )
    elif isolation.landlock_abi < 4:
        found.append("This version of Landlock knows files only; the network is held back by seccomp alone.")
    if not isolation.seccomp:
        found.append("seccomp needs a kernel with CONFIG_SECCOMP_FILTER, on x86-64 or aarch64, and a 64-bit Python.")
    if machine.uid == 0 and not isolation.uid_dropped:
        found.append(
            f"An unused user cannot take root's place here, as a rule because it cannot read {machine.base}: run "
            "tinygrade as an ordinary user, or with a Python that everybody can read."
        )
    if isolation.level != "strong" and not found:
        found.append("SECURITY.md says how tinygrade is run in a container and on a server of its own.")
    return found
