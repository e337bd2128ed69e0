"""What publishing would change, for whom and why; and publishing, which only ever adds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select

from tinygrade.gradebook.book import Entry, now
from tinygrade.gradebook.database import Database
from tinygrade.gradebook.schema import adjustments, grades
from tinygrade.gradebook.standing import Standing, load_report, reports
from tinygrade.model import Adjustment, Report
from tinygrade.text import clean_line

if TYPE_CHECKING:
    import pluggy


#: So many checks that were graded again are named.
NAMED = 3


@dataclass(frozen=True)
class Change:
    """One student whose grade would be another, or the first."""

    standing: Standing
    old: float | None
    new: float
    max_score: float
    adjustments: tuple[Adjustment, ...]
    #: In words: new submission, changed assignment, moved due date, ...
    causes: tuple[str, ...]
    #: `title: old -> new` for each check whose points are others.
    checks: tuple[str, ...]


def changes(
    database: Database, entry: Entry, manager: pluggy.PluginManager, late: Mapping[str, Any]
) -> Iterator[Change]:
    """What `publish` would do, by student. `late` is the assignment's table of that name."""
    published = _adjustments(database, entry)
    for standing, report in reports(database, entry, manager, late):
        assert standing.latest is not None
        said = tuple((a.points, a.reason) for a in report.adjustments)
        assert report.score is not None
        same_result = standing.current is not None and standing.current.result_id == standing.latest.result_id
        if same_result and standing.current_score == report.score and said == published.get(standing.student_id, ()):
            continue
        yield Change(
            standing,
            standing.current_score,
            report.score,
            report.max_score,
            report.adjustments,
            _causes(standing, report, said != published.get(standing.student_id, ())),
            () if same_result else _checks(database, standing, report),
        )


def _adjustments(database: Database, entry: Entry) -> dict[int, tuple[tuple[float, str], ...]]:
    """What was published, by student."""
    query = (
        select(grades.c.student_id, adjustments.c.points, adjustments.c.reason)
        .join(adjustments, adjustments.c.grade_id == grades.c.id)
        .where(
            grades.c.id.in_(
                select(func.max(grades.c.id)).where(grades.c.assignment_id == entry.id).group_by(grades.c.student_id)
            )
        )
        .order_by(adjustments.c.id)
    )
    found: dict[int, tuple[tuple[float, str], ...]] = {}
    with database.reading() as connection:
        for student, points, reason in connection.execute(query):
            found[student] = (*found.get(student, ()), (points, reason))
    return found


def _causes(standing: Standing, report: Report, adjusted: bool) -> tuple[str, ...]:
    old, new = standing.current, standing.latest
    assert new is not None
    if old is None:
        return ("first grade",)
    compared: list[tuple[bool, str]] = [
        (old.sha256 != new.sha256, "another submission"),
        (old.fingerprint != new.fingerprint, f"the assignment was changed{_in_part(report)}"),
        (old.tinygrade != new.tinygrade, f"tinygrade {old.tinygrade} -> {new.tinygrade}"),
        (old.seed != new.seed, f"seed {old.seed} -> {new.seed}"),
        (adjusted, "another adjustment"),
    ]
    return tuple(words for differs, words in compared if differs) or ("graded again",)


def _in_part(report: Report) -> str:
    """What was graded again where not everything was, and where the rest comes from."""
    runs = Counter(check.taken_from for check in report.checks if check.taken_from)
    if not runs:
        return ""
    again = [clean_line(check.title, 60) for check in report.checks if not check.taken_from]
    told = ", ".join(again[:NAMED]) + (f" and {len(again) - NAMED} more" if len(again) > NAMED else "")
    taken = ", ".join(f"{many} results of {run}" for run, many in runs.items())
    return f" (graded again: {told or 'no check'}; taken over: {taken})"


def _checks(database: Database, standing: Standing, report: Report) -> tuple[str, ...]:
    if standing.current is None:
        return ()
    before = {check.id: check for check in load_report(database, standing.current.result_id).checks}
    found = []
    for check in report.checks:
        old = before.pop(check.id, None)
        if old is None:
            found.append(f"{check.title}: new, {check.points:g}/{check.max_points:g}")
        elif (old.points, old.max_points) != (check.points, check.max_points):
            found.append(f"{check.title}: {old.points:g}/{old.max_points:g} -> {check.points:g}/{check.max_points:g}")
    return (*found, *(f"{check.title}: gone, was {check.points:g}/{check.max_points:g}" for check in before.values()))


def publish(database: Database, entry: Entry, found: list[Change]) -> None:
    """Make these changes current, all of them or none; what was published before stays as history."""
    at = now()
    with database.writing() as connection:
        for change in found:
            assert change.standing.latest is not None
            done = connection.execute(
                insert(grades).values(
                    assignment_id=entry.id,
                    student_id=change.standing.student_id,
                    result_id=change.standing.latest.result_id,
                    score=change.new,
                    max_score=change.max_score,
                    published=at,
                )
            )
            assert done.inserted_primary_key is not None
            for adjustment in change.adjustments:
                connection.execute(
                    insert(adjustments).values(
                        grade_id=done.inserted_primary_key[0], points=adjustment.points, reason=adjustment.reason
                    )
                )
