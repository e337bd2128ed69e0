"""How well student code was confined, and when that is too little: data and decisions, no processes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

Level = Literal["none", "weak", "strong"]
#: Worst first.
LEVELS: tuple[Level, ...] = get_args(Level)
#: With all of these open, only resource limits hold a worker back.
OPEN = {"read files", "network", "processes"}


@dataclass(frozen=True)
class Isolation:
    """What was measured, and what was applied to that end."""

    level: Level
    #: Forbidden acts that a canary could do.
    missing: tuple[str, ...] = ()
    #: Version of Landlock that was applied; 0 for none.
    landlock_abi: int = 0
    #: Were system calls filtered?
    seccomp: bool = False
    #: Did workers run as an unused user, although the grader was root?
    uid_dropped: bool = False
    #: Did workers keep any capability of root's?
    capabilities: bool = False
    #: Who held the cap of a worker's scratch folder: `capped` (the kernel), `watched` (the grader), "" without one.
    scratch: str = ""

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> Isolation:
        return cls(**{**tree, "missing": tuple(tree["missing"])})


def level(possible: Collection[str]) -> Level:
    """`strong` when no forbidden act was possible; `none` when nothing but limits, or not even those, holds."""
    if not possible:
        return "strong"
    return "none" if "memory" in possible or set(possible) >= OPEN else "weak"


def refusal(isolation: Isolation, wanted: Level) -> str:
    """Why a run that must be isolated as `wanted` is refused here, and what to do; "" when it is not."""
    if LEVELS.index(isolation.level) >= LEVELS.index(wanted):
        return ""
    return (
        f"not graded, not zero: isolation {wanted} is asked for, and {isolation.level} is what there is "
        f"(student code could: {', '.join(isolation.missing)}). `tinygrade doctor` says what to do; "
        "for code that is your own, `tinygrade check --isolation auto` takes what there is"
    )
