"""Which failures to mend first: root causes, what follows from them, and the next thing to write.

A stub is not a failure, so it is never a cause: of all stubs the first is named as what comes next.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tinygrade.model import CheckResult, Report
from tinygrade.reporters.words import OPEN


@dataclass(frozen=True)
class Cause:
    """A failed check that rests on no other failed one."""

    check: CheckResult
    #: Failed checks that rest on it, directly or not.
    followers: tuple[CheckResult, ...]

    @property
    def points(self) -> float:
        """What it costs together with all that follows from it."""
        return sum(c.max_points - c.points for c in (self.check, *self.followers))


def root_causes(report: Report) -> list[Cause]:
    """The causes in the order of the checks. Hidden checks are none: nothing about them could be said."""
    # Neither a hidden check nor a fault of ours can be what a student should mend first.
    open_checks = {check.id: check for check in report.checks if not check.ok and _is_theirs(check)}
    roots = {id: _root(check, open_checks).id for id, check in open_checks.items()}
    first: dict[str, str] = {}
    for id, check in open_checks.items():
        if _is_broken_file(check):  # told by every check that needs the file, under the name that it imports; one cause
            roots[id] = first.setdefault(check.where, id)
    return [
        Cause(check, tuple(c for id, c in open_checks.items() if roots[id] == check.id and id != check.id))
        for check in open_checks.values()
        if roots[check.id] == check.id and (check.status not in OPEN or _is_broken_file(check))
    ]


def _is_broken_file(check: CheckResult) -> bool:
    """Blocked by nothing but a place in the student's files: one of them cannot be imported."""
    return check.status == "blocked" and bool(check.where) and not check.follows_from


def next_task(report: Report) -> CheckResult | None:
    """Of the checks that met a stub, the one whose task comes first in the handout; None when there is none."""
    stubs = [c for c in report.checks if c.status == "not_implemented" and c.visibility == "visible"]
    return min(stubs, key=_place_in_handout, default=None)


def _place_in_handout(check: CheckResult) -> tuple[bool, list[int]]:
    """A3.1 before A3.10; a check about a whole assignment comes last."""
    numbers = [int(number) for number in re.findall(r"\d+", check.task)]
    return len(numbers) < 2, numbers


def _is_theirs(check: CheckResult) -> bool:
    return check.visibility == "visible" and check.status != "grader_error"


def _root(check: CheckResult, open_checks: Mapping[str, CheckResult]) -> CheckResult:
    path = [check.id]
    while found := [id for id in check.follows_from if id in open_checks]:
        if found[0] in path:  # a circle: its first check is the root of all of them
            circle = path[path.index(found[0]) :]
            return next(c for id, c in open_checks.items() if id in circle)
        check = open_checks[found[0]]
        path.append(check.id)
    return check
