"""What a class did not understand: figures over everybody's latest report, one report in memory at a time."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tinygrade.gradebook.alike import Pair
from tinygrade.model import CheckResult, Report

#: So many students stand as examples for a diagnosis.
EXAMPLES = 3


@dataclass
class Item:
    """One check over the class."""

    id: str
    title: str
    max_points: float
    #: Share of the points that each student got, with what the student got elsewhere.
    shares: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    passed: int = 0
    #: The first of those who did not pass.
    failing: list[str] = field(default_factory=list)

    @property
    def pass_rate(self) -> float:
        return self.passed / len(self.shares)

    @property
    def discrimination(self) -> float | None:
        """Correlation of this check's share with the points for all others (the corrected item-total correlation).

        Near 0 or below: who knows more does not do better here, so that the check deserves a look. None when everybody
        got the same.
        """
        if len(self.shares) < 3 or len(set(self.shares)) == 1 or len(set(self.others)) == 1:
            return None
        return statistics.correlation(self.shares, self.others)


@dataclass
class Mistake:
    """A diagnosis over the class."""

    code: str
    students: list[str] = field(default_factory=list)


@dataclass
class Insight:
    """A class in figures."""

    scores: list[float] = field(default_factory=list)
    max_score: float = 0.0
    items: dict[str, Item] = field(default_factory=dict)
    mistakes: dict[str, Mistake] = field(default_factory=dict)
    #: Hash of a submission -> who handed it in.
    handed: dict[str, list[str]] = field(default_factory=dict)
    #: `(student, why a person should look)`.
    look_at: list[tuple[str, str]] = field(default_factory=list)
    #: `(seconds, student)`: wall time that each grading took.
    times: list[tuple[float, str]] = field(default_factory=list)
    #: Different work that is nearly the same.
    alike: list[Pair] = field(default_factory=list)

    @property
    def same(self) -> list[list[str]]:
        """Students who handed in the very same files."""
        return [students for students in self.handed.values() if len(students) > 1]

    def unanimous(self) -> tuple[list[Item], list[Item]]:
        """Checks that nobody passes, and those that everybody passes; both empty for a class of one."""
        items = self.items.values() if len(self.scores) > 1 else ()
        return [i for i in items if not i.passed], [i for i in items if i.passed == len(i.shares)]

    def spent(self) -> tuple[float, list[tuple[float, str]]]:
        """The median of the seconds that a grading took, and the longest with their students."""
        return statistics.median(took for took, _ in self.times), sorted(self.times, reverse=True)[:EXAMPLES]

    def hardest(self) -> list[Item]:
        """Checks, those with the lowest pass rate first."""
        return sorted(self.items.values(), key=lambda item: item.pass_rate)

    def commonest(self) -> list[Mistake]:
        """Mistakes, those of most students first."""
        return sorted(self.mistakes.values(), key=lambda mistake: -len(mistake.students))

    def histogram(self, bins: int = 10) -> list[int]:
        """Scores by tenths of the maximum, the lowest first; the maximum itself counts in the last."""
        counts = [0] * bins
        for score in self.scores:
            share = score / self.max_score if self.max_score else 0.0
            counts[min(bins - 1, max(0, math.floor(share * bins)))] += 1
        return counts


def insight(reports: Iterable[tuple[str, Report]]) -> Insight:
    """The figures of `(student, instructor's report)` pairs; reports without a score are left out."""
    found = Insight()
    for student, report in reports:
        if report.score is None:
            continue
        found.scores.append(report.score)
        found.max_score = report.max_score
        found.handed.setdefault(report.submission["sha256"], []).append(student)
        found.times.append((report.seconds, student))
        found.look_at += [(student, reason) for reason in _reasons(report)]
        total = sum(check.points for check in report.checks)
        for check in report.checks:
            _count(found, student, check, total - check.points)
    return found


def _reasons(report: Report) -> list[str]:
    """What plugins want a person to look at: the key `look_at` of their sections."""
    sections = (data for data in report.sections.values() if isinstance(data, Mapping))
    return [data["look_at"] for data in sections if isinstance(data.get("look_at"), str) and data["look_at"]]


def _count(found: Insight, student: str, check: CheckResult, others: float) -> None:
    item = found.items.setdefault(check.id, Item(check.id, check.title, check.max_points))
    item.shares.append(check.points / check.max_points if check.max_points else float(check.ok))
    item.others.append(others)
    item.seconds.append(check.seconds)
    item.passed += check.ok
    if not check.ok and len(item.failing) < EXAMPLES:
        item.failing.append(student)
    if check.diagnosis is not None:
        mistake = found.mistakes.setdefault(check.diagnosis.code, Mistake(check.diagnosis.code))
        if student not in mistake.students[-1:]:
            mistake.students.append(student)
