"""The building blocks of the terminal view, top to bottom: header, swaps, groups, sections, score.

The live view prints them one by one as they become known, `terminal.render` all of them at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tinygrade.model import CheckResult, Isolation, Report, Swap
from tinygrade.reporters.base import SectionText
from tinygrade.reporters.causes import root_causes
from tinygrade.reporters.lines import Line, shortened, wrapped
from tinygrade.reporters.words import (
    OPEN,
    WORDS,
    count,
    group_status,
    grouped,
    number,
    points,
    style_of,
    taken_over,
)
from tinygrade.text import cells, clean, clean_line

INDENT = " " * 8
#: A group title is padded to the longest one, but never takes more columns than this from the summary.
TITLE_MOST = 20


# ---- above the groups ------------------------------------------------------------------------------


def title(assignment: str, name: str, seed: int, width: int) -> list[Line]:
    head = f"{clean_line(assignment)}: {clean_line(name)}"
    return [Line(line.text, "bold") for line in wrapped(f"{head}   seed {seed}", width, rest=INDENT)]


def surroundings(
    isolation: Isolation, environment: Mapping[str, str], width: int, reference: str = "live"
) -> list[Line]:
    missing = f" (missing: {', '.join(map(clean_line, isolation.missing))})" if isolation.missing else ""
    known = {key.lower(): clean_line(value) for key, value in environment.items()}
    versions = [f"{name} {known[name.lower()]}" for name in ("Python", "numpy") if known.get(name.lower())]
    scratch = f", scratch folder {isolation.scratch}" if isolation.scratch else ""
    text = f"isolation {isolation.level}{missing}{scratch}" + (f" | {', '.join(versions)}" if versions else "")
    return wrapped(text + (" | reference: recorded" if reference == "recorded" else ""), width, rest=INDENT)


def swaps(found: Sequence[Swap], width: int) -> list[Line]:
    """One line for each earlier assignment that is not the student's own."""
    lines: list[Line] = []
    for swap in found:
        if swap.source == "released":
            reason = f" ({clean_line(swap.reason)})" if swap.reason else ""
            text = f"swap: {clean_line(swap.assignment)} -> released solution{reason}"
            lines += wrapped(text, width, rest=INDENT)
    return lines


def taken(checks: Sequence[CheckResult], width: int) -> list[Line]:
    """What was not found in this run."""
    return wrapped(taken_over(checks), width, rest=INDENT) if taken_over(checks) else []


# ---- one group -------------------------------------------------------------------------------------


def title_width(titles: Sequence[str]) -> int:
    return min(max((cells(clean_line(title)) for title in titles), default=0), TITLE_MOST)


def group(index: int, checks: Sequence[CheckResult], titles: int, width: int) -> list[Line]:
    """The line of a group and what stands under it; `titles` is the width of the column of titles."""
    status = group_status(checks)
    summary, details = _told(checks)
    right = points(sum(c.points for c in checks), sum(c.max_points for c in checks))
    left = f"{WORDS[status]:<7} {index:>2} "
    name = clean_line(checks[0].group)
    if cells(name) > titles:  # too long for the column of titles: it has the line for itself
        details = [summary, *details] if summary else details
        shown = [shortened(name, width - cells(left) - len(right) - 1)]
    else:
        left += f"{name}{' ' * (titles - cells(name))}  "
        room = max(width - cells(left) - len(right) - 2, 10)
        shown = [line.text for line in wrapped(summary, room)] or [_looked_at(checks, room)]
    gap = " " * max(width - cells(left + shown[0]) - len(right), 1)
    lines = [Line(f"{left}{shown[0]}{gap}{right}", style_of(status), len(WORDS[status]))]
    lines += [Line(" " * cells(left) + text) for text in shown[1:]]
    return lines + [line for detail in details for line in wrapped(detail, width, INDENT)]


def verdict(check: CheckResult, before: CheckResult | None, width: int) -> list[Line]:
    """One check by itself in one line, and what it was before where that was something else."""
    word = WORDS[check.status]
    was = f" (was {WORDS[before.status]})" if before is not None and before.status != check.status else ""
    text = f"{word:<7}{was}{_one_line(check).removeprefix(word)}"
    return [Line(shortened(text, width), style_of(check.status), len(word))]


def _looked_at(checks: Sequence[CheckResult], room: int) -> str:
    """For a group with nothing to tell: the titles of its checks where they fit, else how many there are."""
    titles = dict.fromkeys(clean_line(check.title) for check in checks)
    text = ", ".join(title for title in titles if title != clean_line(checks[0].group))
    return text if cells(text) <= room else count(len(checks), "check")


def _told(checks: Sequence[CheckResult]) -> tuple[str, list[str]]:
    """The summary of a group, and the lines under it."""
    wrong = [c for c in checks if not c.ok and c.status not in OPEN]
    more = [text for c in checks if c.ok for text in _lines(c)[1:]]
    if not wrong:
        open_ones = [c for c in checks if c.status in OPEN]
        if open_ones:
            return _open_summary(checks, open_ones), more
        last = next((c for c in reversed(checks) if _lines(c)), None)
        hidden = all(c.visibility == "hidden" for c in checks)
        return (_lines(last)[0] if last else "hidden" if hidden else ""), more
    if len(checks) == 1:
        return _alone(wrong[0], more)
    passed = sum(c.ok for c in checks)
    return f"{passed} of {len(checks)} passed", [*map(_one_line, wrong), *_waiting(checks), *more]


def _alone(check: CheckResult, more: list[str]) -> tuple[str, list[str]]:
    """A group of one check that is not right: its title says what was looked at, its message what was seen."""
    marked = f"{clean_line(check.title)} (hidden)" if check.visibility == "hidden" else clean_line(check.title)
    return marked, [*_lines(check)[:1], *more]


def _one_line(check: CheckResult) -> str:
    word = WORDS[check.status]
    if check.visibility == "hidden":
        return f"{word} {clean_line(check.title)} (hidden) {points(check.points, check.max_points)}"
    message = _lines(check)[:1]
    return f"{word} {clean_line(check.title)}" + (f": {message[0]}" if message else "")


def _open_summary(checks: Sequence[CheckResult], open_ones: Sequence[CheckResult]) -> str:
    stubs = [c for c in open_ones if c.status == "not_implemented"]
    done = f"; {sum(c.ok for c in checks)} of {len(checks)} passed" if len(open_ones) < len(checks) else ""
    if stubs:
        return f"not implemented yet{done}"
    return (_lines(open_ones[0]) or ["waits for what is not implemented yet"])[0] + done


def _waiting(checks: Sequence[CheckResult]) -> list[str]:
    many = sum(c.status in OPEN for c in checks)
    return [f"not implemented yet: {count(many, 'check')}"] if many else []


def _lines(check: CheckResult) -> list[str]:
    """The lines of the message, which a hidden check has none of."""
    return [] if check.visibility == "hidden" else [t for t in clean(check.message).splitlines() if t.strip()]


def groups(checks: Sequence[CheckResult], width: int) -> list[Line]:
    found = grouped(checks)
    titles = title_width(list(found))
    return [line for i, members in enumerate(found.values(), 1) for line in group(i, members, titles, width)]


# ---- below the groups ------------------------------------------------------------------------------


def sections(report: Report, section_text: SectionText, width: int) -> list[Line]:
    """What plugins have to say about their sections."""
    lines: list[Line] = []
    for name, data in report.sections.items():
        shown = [line for text in section_text(name, data) or [] for line in wrapped(text or " ", width)]
        lines += [Line(""), *shown] if shown else []
    return lines


def score(report: Report, width: int) -> list[Line]:
    """The one line to look at, with the adjustments above it."""
    lines = [
        line
        for adjustment in report.adjustments
        for line in wrapped(f"adjusted {adjustment.points:+g}: {clean_line(adjustment.reason)}", width, rest=INDENT)
    ]
    style, head = _score_head(report)
    # a stored report may not know how long it took
    notes = [*_cause_notes(report), *([f"{report.seconds:.1f} s"] if report.seconds is not None else [])]
    text = "   ".join([head, *notes])
    shown = wrapped(text, width, rest=INDENT) if cells(text) > width else [Line(text)]
    return [*lines, *(Line(line.text, style, 0 if i else len(head)) for i, line in enumerate(shown))]


def _score_head(report: Report) -> tuple[str, str]:
    got = sum(c.points for c in report.checks)
    if any(c.status == "grader_error" for c in report.checks):
        return "bold magenta", "NO SCORE"
    if report.selected:
        most = sum(c.max_points for c in report.checks)
        return "bold", f"partial run, not a grade: {points(got, most)}"
    if report.score is None:
        return "bold magenta", "NO SCORE"
    full = report.score >= report.max_score
    return "bold green" if full else "bold", f"SCORE {points(report.score, report.max_score)}"


def _cause_notes(report: Report) -> list[str]:
    causes = len(root_causes(report))
    todo = sum(c.status == "not_implemented" for c in report.checks)
    hidden = sum(c.visibility == "hidden" and not c.ok and c.status not in OPEN for c in report.checks)
    notes = [count(causes, "root cause")] if causes else []
    notes += [f"{todo} not implemented yet"] if todo else []
    return notes + ([f"{number(hidden)} hidden not passed"] if hidden else [])
