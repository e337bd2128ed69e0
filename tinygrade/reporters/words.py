"""Statuses and numbers as words: what each status is called in a terminal, and what a group of them amounts to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tinygrade.model import CheckResult, Status

WORDS: dict[Status, str] = {
    "passed": "ok",
    "partial": "PARTIAL",
    "failed": "FAILED",
    "not_implemented": "TODO",
    "blocked": "BLOCKED",
    "timed_out": "TIMEOUT",
    "out_of_memory": "MEMORY",
    "crashed": "CRASHED",
    "grader_error": "GRADER ERROR",
}

STYLES: dict[Status, str] = {
    "passed": "green",
    "partial": "yellow",
    "not_implemented": "cyan",
    "blocked": "cyan",
    "grader_error": "bold magenta",
}

#: What names a group in which nothing gave points: the first of these that occurs.
_WORST: tuple[Status, ...] = ("crashed", "out_of_memory", "timed_out", "failed", "not_implemented", "blocked")

#: Not a mistake: something that is still to be written, or that waits for it.
OPEN: frozenset[Status] = frozenset({"not_implemented", "blocked"})


def style_of(status: Status) -> str:
    return STYLES.get(status, "red")


def group_status(checks: Sequence[CheckResult]) -> Status:
    """One status for the checks of a group."""
    found = {check.status for check in checks}
    if found <= {"passed"}:
        return "passed"
    if "grader_error" in found:
        return "grader_error"
    if found <= OPEN | {"passed"}:
        return "not_implemented" if "not_implemented" in found else "blocked"
    if any(check.points > 0 for check in checks):
        return "partial"
    return next((status for status in _WORST if status in found), "partial")


def number(value: float) -> str:
    """At most two decimals, and none that say nothing."""
    return f"{round(value, 2):,.2f}".rstrip("0").rstrip(".")


def points(got: float, most: float) -> str:
    return f"{number(got)}/{number(most)}"


def count(many: int, noun: str) -> str:
    """`1 check`, `2 checks`."""
    return f"{many} {noun}" if many == 1 else f"{many} {noun}s"


def taken_over(checks: Sequence[CheckResult]) -> str:
    """How many results are those of which earlier runs; "" for none."""
    runs = Counter(check.taken_from for check in checks if check.taken_from)
    told = [f"{many} from {run}" for run, many in runs.items()]
    return f"results taken over, because nothing that they depend on was changed: {', '.join(told)}" if told else ""


def grouped(checks: Sequence[CheckResult]) -> dict[str, list[CheckResult]]:
    """The checks by group title, in the order of their first appearance."""
    groups: dict[str, list[CheckResult]] = {}
    for check in checks:
        groups.setdefault(check.group, []).append(check)
    return groups
