"""What a class run and a change of grades say at their end, as lines of text."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from tinygrade.coordinator.classrun import LISTED, Summary
from tinygrade.gradebook.publishing import Change
from tinygrade.reporters.lines import table
from tinygrade.text import clean_line

#: Changes that are listed one by one; `gradebook diff` lists all.
SHOWN = 30
#: Checks that are named which ran again.
AGAIN_SHOWN = 4
WORDS = {
    "incomplete": "with a fault of the grader in a check",
    "unreadable": "that cannot be read",
    "refused": "refused by this machine",
    "stopped": "stopped at --deadline",
    "fault": "that the grader failed on",
}


def summary(result: Summary) -> list[str]:
    """Counts, and who has no grade and why."""
    total = sum(result.counts.values())
    kept = f" ({result.kept} of them before)" if result.kept else ""
    lines = [f"{result.counts['complete']} of {total} graded{kept}", *_in_part(result)]
    if result.complete:
        return lines
    lines += [f"{result.counts[kind]} {words}" for kind, words in WORDS.items() if result.counts[kind]]
    lines += ["", "not graded, which is not zero:"]
    lines += table([(f"  {clean_line(student, 60)}", clean_line(why, 300)) for student, why in result.problems])
    missing = total - result.counts["complete"]
    if missing > LISTED:
        lines.append(f"  and {missing - LISTED} more")
    return [*lines, "run the same command again once the cause is gone: only these are graded then"]


def _in_part(result: Summary) -> list[str]:
    """What ran again of those of whom not everything did."""
    if not result.merged:
        return []
    some = [f"{clean_line(title, 60)} ({times})" for title, times in result.again.most_common(AGAIN_SHOWN)]
    more = f" and {len(result.again) - AGAIN_SHOWN} other checks" if len(result.again) > AGAIN_SHOWN else ""
    again = f"graded again: {', '.join(some)}{more}" if some else "no check had to run again"
    return [f"{result.merged} of them in part: {again}; other results were taken over from earlier runs"]


def people(strangers: Sequence[str], missing: Sequence[str]) -> list[str]:
    """Who is on only one of roster and submissions."""
    lines = []
    if strangers:
        lines.append(f"not on the roster, graded all the same: {_some(strangers)}")
    if missing:
        lines.append(f"on the roster, nothing handed in: {_some(missing)}")
    return lines


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(clean_line(name, 60) for name in names[:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown


def changes(found: Sequence[Change], limit: int | None = SHOWN) -> list[str]:
    """Old and new score of everybody whose grade would be another, with the cause and the checks that differ."""
    first = [change for change in found if change.old is None]
    others = [change for change in found if change.old is not None]
    lines = []
    if first:
        lines.append(f"{counted(len(first), 'first grade')}: {_distribution([change.new for change in first])}")
    if others:
        up = sum(change.new > (change.old or 0) for change in others)
        down = sum(change.new < (change.old or 0) for change in others)
        changing = f"{counted(len(others), 'grade')} {'changes' if len(others) == 1 else 'change'}"
        lines.append(f"{changing}: {up} up, {down} down, {len(others) - up - down} equal")
    shown = others if limit is None else others[:limit]
    rows = [("  student", "old", "new", "why")] if shown else []
    for change in shown:
        why = ", ".join([*change.causes, *(a.reason for a in change.adjustments)])
        rows.append((f"  {clean_line(change.standing.key, 40)}", f"{change.old:g}", f"{change.new:g}", why))
        rows += [("", "", "", f"  {clean_line(text, 200)}") for text in change.checks]
    lines += table(rows, right=(1, 2))
    return [*lines, f"  and {len(others) - len(shown)} more"] if len(others) > len(shown) else lines


def counted(number: int, what: str) -> str:
    """`1 grade`, `2 grades`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def published(number: int) -> str:
    return f"{counted(number, 'grade')} {'is' if number == 1 else 'are'} published"


def _distribution(scores: Sequence[float]) -> str:
    low, middle, high = min(scores), statistics.median(scores), max(scores)
    return f"{low:g} to {high:g}, median {middle:g}"
