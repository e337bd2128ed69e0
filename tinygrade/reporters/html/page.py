"""From a report to what the page shows: words, groups, causes and drawings, but no markup of the page itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tinygrade.model import CheckResult, ErrorMap, Report, Status
from tinygrade.reporters.advice import CAUSES_SHOWN, Commands
from tinygrade.reporters.base import Sources
from tinygrade.reporters.causes import Cause, next_task, root_causes
from tinygrade.reporters.html import errormap, markdown
from tinygrade.reporters.html.sections import Section, sections_of
from tinygrade.reporters.words import OPEN, WORDS, count, group_status, grouped, number, points, taken_over
from tinygrade.text import clean, clean_line

if TYPE_CHECKING:
    from markupsafe import Markup

#: What a status means for the eye: the class that gives it its colour, and a sign that does not need the colour.
KINDS: dict[Status, tuple[str, str]] = {
    "passed": ("good", "✓"),
    "partial": ("part", "◐"),
    "not_implemented": ("open", "○"),
    "blocked": ("open", "○"),
    "grader_error": ("ours", "!"),
}
WRONG = ("bad", "✗")
#: Characters of a student's prints that are shown: the end of them, where the failure is.
OUTPUT_MOST = 8192
EVIDENCE_MOST = 200


@dataclass(frozen=True)
class Badge:
    """A status as word, sign and class."""

    word: str
    kind: str
    sign: str

    @classmethod
    def of(cls, status: Status) -> Badge:
        return cls(WORDS[status], *KINDS.get(status, WRONG))


@dataclass(frozen=True)
class Explained:
    """A diagnosis: its page where there is one, and the command that shows it."""

    code: str
    command: str
    title: str = ""
    body: Markup | None = None


@dataclass(frozen=True)
class Shown:
    """One check."""

    check: CheckResult
    badge: Badge
    points: str
    message: str
    output: str
    evidence: Sequence[tuple[str, str]] = ()
    explained: Explained | None = None
    error_map: Markup | None = None
    cases: Sequence[tuple[Badge, str, str]] = ()
    follows_from: Sequence[str] = ()
    #: The number of the root cause that tells of it above; 0 when none does.
    told_as: int = 0

    @property
    def output_cut(self) -> bool:
        """Is only the end of the prints shown?"""
        return len(self.check.output) > OUTPUT_MOST

    @property
    def is_open(self) -> bool:
        """Unfolded from the start: wrong, and not told of above."""
        return not self.check.ok and self.check.status not in OPEN and not self.told_as

    @property
    def has_more(self) -> bool:
        more = (self.message, self.check.hint, self.evidence, self.cases, self.output, self.check.where)
        return any(more) or self.error_map is not None


@dataclass(frozen=True)
class Told:
    """A root cause, as the terminal tells it."""

    shown: Shown
    head: str
    lost: str
    followers: str
    commands: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Group:
    title: str
    badge: Badge
    points: str
    checks: Sequence[Shown]


@dataclass(frozen=True)
class Page:
    """All that the template needs."""

    report: Report
    #: Which results are those of earlier runs.
    taken: str
    score: str
    verdict: str
    kind: str
    share: int | None
    notes: Sequence[str]
    causes: Sequence[Told]
    more_causes: str
    next: tuple[str, str] | None
    groups: Sequence[Group]
    sections: Sequence[Section]
    commands: Commands
    faults: Sequence[CheckResult] = field(default=())


def page_of(report: Report, sources: Sources) -> Page:
    """What is shown of `report`."""
    commands = Commands.of(report)
    shown = {check.id: _shown(check, report, commands, sources) for check in report.checks}
    causes = root_causes(report)
    told = causes[:CAUSES_SHOWN]
    for place, cause in enumerate(told, 1):
        shown[cause.check.id] = replace(shown[cause.check.id], told_as=place)
    got, most = _score(report)
    more = len(causes) - CAUSES_SHOWN
    return Page(
        report=report,
        taken=taken_over(report.checks),
        score="no score" if got is None else points(got, most),
        verdict=_verdict(report, got, most),
        kind=_kind(report, got, most),
        share=None if got is None or most <= 0 else round(100 * min(1.0, max(0.0, got / most))),
        notes=_notes(report, len(causes)),
        causes=[_told(cause, shown[cause.check.id], report, commands) for cause in told],
        more_causes=count(more, "more root cause") if more > 0 else "",
        next=_next(report, commands),
        groups=[_group(title, [shown[c.id] for c in checks]) for title, checks in grouped(report.checks).items()],
        sections=sections_of(report, sources),
        commands=commands,
        faults=[check for check in report.checks if check.status == "grader_error"],
    )


# ---- the score -------------------------------------------------------------------------------------


def _score(report: Report) -> tuple[float | None, float]:
    """Points reached (None: there is no score) and points that could be reached."""
    if any(check.status == "grader_error" for check in report.checks):
        return None, report.max_score
    if report.selected:
        return sum(c.points for c in report.checks), sum(c.max_points for c in report.checks)
    return report.score, report.max_score


def _verdict(report: Report, got: float | None, most: float) -> str:
    if got is None:
        return "not graded, and not zero either"
    if report.selected:
        return "partial run, not a grade"
    return "all points" if got >= most else ""


def _kind(report: Report, got: float | None, most: float) -> str:
    if got is None:
        return "ours"
    return "good" if got >= most and not report.selected else "plain"


def _notes(report: Report, causes: int) -> list[str]:
    todo = sum(c.status == "not_implemented" for c in report.checks)
    hidden = sum(c.visibility == "hidden" and not c.ok and c.status not in OPEN for c in report.checks)
    passed = sum(check.ok for check in report.checks)
    notes = [f"{passed} of {count(len(report.checks), 'check')} passed"]
    notes += [count(causes, "root cause")] if causes else []
    notes += [f"{todo} not implemented yet"] if todo else []
    return notes + ([f"{number(hidden)} hidden not passed"] if hidden else [])


# ---- what to do next -------------------------------------------------------------------------------


def _told(cause: Cause, shown: Shown, report: Report, commands: Commands) -> Told:
    check = cause.check
    task = f" (task {clean_line(check.task)})" if check.task else ""
    titles = list(dict.fromkeys(clean_line(c.title) for c in cause.followers))
    found = [("only this check", commands.again(check))]
    if check.diagnosis and commands.explains:
        found.insert(0, ("more about this mistake", commands.more(check.diagnosis.code)))
    if check.status not in OPEN:
        found.append(("in your debugger", commands.debug(check, report.assignment)))
    lost = f"{number(cause.points)} {'point' if cause.points == 1 else 'points'}"
    return Told(shown, f"{clean_line(check.where or check.title)}{task}", lost, ", ".join(titles), found)


def _next(report: Report, commands: Commands) -> tuple[str, str] | None:
    """What to write next, and the command that checks it."""
    check = next_task(report)
    if check is None:
        return None
    message = clean_line((clean(check.message).splitlines() or ["not implemented yet"])[0])
    named = not check.task or message.startswith(clean_line(check.task))
    task = "" if named else f"{clean_line(check.task)}: "
    where = f" ({clean_line(check.where)})" if check.where else ""
    return f"{task}{message}{where}", commands.again(check)


# ---- checks ----------------------------------------------------------------------------------------


def _group(title: str, members: Sequence[Shown]) -> Group:
    checks = [shown.check for shown in members]
    total = points(sum(c.points for c in checks), sum(c.max_points for c in checks))
    return Group(title, Badge.of(group_status(checks)), total, members)


def _shown(check: CheckResult, report: Report, commands: Commands, sources: Sources) -> Shown:
    titles = {other.id: other.title for other in report.checks}
    return Shown(
        check=check,
        badge=Badge.of(check.status),
        points=points(check.points, check.max_points),
        message=clean(check.message).strip(),
        output=clean(check.output[-OUTPUT_MOST:], OUTPUT_MOST).strip("\n"),
        evidence=_evidence(check),
        explained=_explained(check, commands, sources),
        error_map=_error_map(check.error_map),
        cases=[(Badge.of(case.status), case.id, case.message) for case in check.cases],
        follows_from=[clean_line(titles[id]) for id in check.follows_from if id in titles],
    )


def _evidence(check: CheckResult) -> list[tuple[str, str]]:
    found = check.diagnosis.evidence if check.diagnosis else {}
    told = ((str(key).replace("_", " "), value) for key, value in found.items() if value not in (None, "", []))
    return [(key, clean_line(_word(value), EVIDENCE_MOST)) for key, value in told]


def _word(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_word, value)) + "]"
    return "none" if value is None else str(value)


def _explained(check: CheckResult, commands: Commands, sources: Sources) -> Explained | None:
    if check.diagnosis is None:
        return None
    code = clean_line(check.diagnosis.code)
    found = sources.page(check.diagnosis.code)
    if found is None:
        return Explained(code, commands.more(code))
    return Explained(code, commands.more(code), found.title, markdown.to_html(found.body))


def _error_map(found: ErrorMap | None) -> Markup | None:
    return None if found is None else errormap.draw(found)
