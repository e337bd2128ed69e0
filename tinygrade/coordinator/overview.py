"""A class in lines of text and as CSV: what `tinygrade report --class` shows."""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Sequence

from tinygrade import sinks
from tinygrade.gradebook.insight import EXAMPLES, Insight, Item
from tinygrade.reporters.lines import table
from tinygrade.text import clean_line

BAR = 40
#: So many mistakes are listed.
MISTAKES = 15
#: So many of those who handed in the same are named.
SAME = 8
FIGURES = ("check", "points", "passed", "share", "discrimination", "seconds")


def lines(found: Insight, problems: Sequence[tuple[str, str]]) -> list[str]:
    """Scores, checks, mistakes, and who needs a person. `problems`: students without a grade, and why."""
    if not found.scores:
        return ["nobody is graded yet", *_people(found, problems)]
    low, middle, high = min(found.scores), statistics.median(found.scores), max(found.scores)
    mean = statistics.fmean(found.scores)
    span = f"{len(found.scores)} graded: {low:g} to {high:g} of {found.max_score:g}"
    scores = [f"{span}, median {middle:g}, mean {mean:.1f}", *_histogram(found)]
    return [*scores, "", *_checks(found), *_mistakes(found), *_times(found), *_people(found, problems)]


def _histogram(found: Insight) -> list[str]:
    counts = found.histogram()
    most = max(counts)
    rows = []
    for number, count in enumerate(counts):
        low, high = (found.max_score * edge / len(counts) for edge in (number, number + 1))
        rows.append((f"  {low:g}", "to", f"{high:g}", "█" * round(BAR * count / most), f"{count}"))
    return table(rows, right=(0, 2))


def _checks(found: Insight) -> list[str]:
    rows = [tuple(FIGURES), *(_row(item) for item in found.hardest())]
    lines = table([(f"  {clean_line(first, 50)}", *rest) for first, *rest in rows], right=(1, 2, 3, 4, 5))
    for who, items in zip(("nobody", "everybody"), found.unanimous(), strict=True):
        if items:
            lines.append(f"{who} passes: {', '.join(clean_line(item.title, 60) for item in items)}")
    return lines


def _row(item: Item) -> tuple[str, ...]:
    apart = item.discrimination
    return (
        *(item.title, f"{item.max_points:g}", f"{item.pass_rate:.0%}", f"{statistics.fmean(item.shares):.0%}"),
        *("-" if apart is None else f"{apart:.2f}", f"{statistics.fmean(item.seconds):.2f}"),
    )


def _mistakes(found: Insight) -> list[str]:
    common = found.commonest()
    rows = []
    for mistake in common[:MISTAKES]:
        some = ", ".join(clean_line(student, 40) for student in mistake.students[:EXAMPLES])
        rows.append((f"  {clean_line(mistake.code, 60)}", f"{len(mistake.students)}", some))
    more = [f"  and {len(common) - MISTAKES} more"] if len(common) > MISTAKES else []
    return (
        ["", "mistakes that were recognised (tinygrade explain CODE)", *table(rows, right=(1,)), *more] if rows else []
    )


def _times(found: Insight) -> list[str]:
    seconds, slowest = found.spent()
    some = ", ".join(f"{clean_line(student, 40)} {took:.0f} s" for took, student in slowest)
    return ["", f"a grading took {seconds:.1f} s (median); longest: {some}"]


def _people(found: Insight, problems: Sequence[tuple[str, str]]) -> list[str]:
    rows = [(f"  {clean_line(who, 400)}", clean_line(why, 200)) for who, why in to_look_at(found, problems)]
    return ["", "look at these yourself; none of it is a verdict", *table(rows)] if rows else []


def to_look_at(found: Insight, problems: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """`(students, why)`: who needs a person. A place to look, never a verdict."""
    rows = [*problems, *found.look_at]
    rows += [(_some(students), "handed in the same files") for students in found.same]
    for pair in found.alike:
        both = f"{_some(found.handed[pair.first])} and {_some(found.handed[pair.second])}"
        rows.append((both, f"alike up to names: {pair.share:.0%} of what few others wrote ({pair.common} places)"))
    return rows


def _some(students: Sequence[str]) -> str:
    more = f" and {len(students) - SAME} more" if len(students) > SAME else ""
    return ", ".join(clean_line(student, 40) for student in students[:SAME]) + more


def to_csv(found: Insight) -> str:
    """A line for each check; shares from 0 to 1, and nothing where a figure says nothing."""
    stream = io.StringIO()
    rows = [("id", *FIGURES), *(_numbers(item) for item in found.items.values())]
    csv.writer(stream, lineterminator="\n").writerows([sinks.csv(cell) for cell in row] for row in rows)
    return stream.getvalue()


def _numbers(item: Item) -> tuple[str, ...]:
    apart = item.discrimination
    return (
        *(item.id, item.title, f"{item.max_points:g}", f"{item.pass_rate:.4f}"),
        *(f"{statistics.fmean(item.shares):.4f}", "" if apart is None else f"{apart:.4f}"),
        f"{statistics.fmean(item.seconds):.3f}",
    )
