"""From the cases of a check to its CheckResult."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinygrade.checks.marks import Marks
from tinygrade.model import Case, CheckResult, Diagnosis, ErrorMap, Status
from tinygrade.text import clean


@dataclass(frozen=True)
class Outcome:
    """How one case ended."""

    case: str
    status: Status
    #: Share of the case's points, 0 to 1.
    fraction: float
    message: str = ""
    hint: str = ""
    where: str = ""
    diagnosis: Diagnosis | None = None
    output: str = ""
    seconds: float = 0.0
    #: Ids of checks whose parts were given, so that this one could be judged.
    given: tuple[str, ...] = ()
    error_map: ErrorMap | None = None


def combine(
    check: str, group: str, marks: Marks, outcomes: Sequence[Outcome], needed: Sequence[CheckResult]
) -> CheckResult:
    """The result of a check from all of its cases.

    Args:
        needed: results of the checks that this one rests on.
    """
    fraction = sum(outcome.fraction for outcome in outcomes) / len(outcomes)
    told = [o for o in outcomes if o.status != "passed"] or [o for o in outcomes if o.diagnosis is not None]
    shown = told[0] if told else outcomes[0]
    status = _status(outcomes, fraction)
    message = shown.message
    stub = next((n for n in needed if n.status in ("not_implemented", "blocked")), None)
    if status in ("failed", "crashed") and stub is not None:
        status, message = "blocked", f"rests on “{stub.title}”, which is not there yet"
    broken = tuple(n.id for n in needed if n.status != "passed")
    return CheckResult(
        id=check,
        title=marks.title,
        group=group,
        status=status,
        points=round(marks.points * fraction, 4) if status in ("passed", "partial") else 0.0,
        max_points=marks.points,
        task=marks.task,
        message=clean(message),
        # A question about the task helps nobody whose file cannot be imported.
        hint=clean(shown.hint or marks.hint) if status not in ("passed", "blocked") else "",
        diagnosis=shown.diagnosis,
        visibility=marks.visibility,
        seconds=round(sum(o.seconds for o in outcomes), 4),
        cases=_cases(outcomes),
        where=shown.where,
        follows_from=shown.given or (broken if status != "passed" else ()),
        output=clean("".join(o.output for o in outcomes), limit=1 << 16),
        error_map=shown.error_map if message == shown.message else None,
    )


def _status(outcomes: Sequence[Outcome], fraction: float) -> Status:
    if any(o.status == "grader_error" for o in outcomes):
        return "grader_error"
    if all(o.status == "passed" for o in outcomes):
        return "passed"
    if fraction > 0:
        return "partial"
    return next(o.status for o in outcomes if o.status != "passed")


def _cases(outcomes: Sequence[Outcome]) -> tuple[Case, ...]:
    if len(outcomes) == 1 and not outcomes[0].case:
        return ()
    return tuple(Case(o.case, o.status, clean(o.message)) for o in outcomes)
