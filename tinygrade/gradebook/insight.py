"""What a class did not understand: figures over everybody's latest report, one report in memory at a time."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field

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
    #: Hash of a submission -> who handed it in; only those of more than one.
    same: dict[str, list[str]] = field(default_factory=dict)

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
    handed: dict[str, list[str]] = {}
    for student, report in reports:
        if report.score is None:
            continue
        found.scores.append(report.score)
        found.max_score = report.max_score
        handed.setdefault(report.submission["sha256"], []).append(student)
        total = sum(check.points for check in report.checks)
        for check in report.checks:
            _count(found, student, check, total - check.points)
    found.same = {sha256: students for sha256, students in handed.items() if len(students) > 1}
    return found


def _count(found: Insight, student: str, check: CheckResult, others: float) -> None:
    item = found.items.setdefault(check.id, Item(check.id, check.title, check.max_points))
    item.shares.append(check.points / check.max_points if check.max_points else float(check.ok))
    item.others.append(others)
    item.seconds.append(check.seconds)
    item.passed += check.ok
    if check.diagnosis is not None:
        mistake = found.mistakes.setdefault(check.diagnosis.code, Mistake(check.diagnosis.code))
        if student not in mistake.students[-1:]:
            mistake.students.append(student)
