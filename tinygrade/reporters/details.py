"""What there is to say about one check, as plain text: for formats that have one field for it.

The text is clean and bounded, and not yet escaped: each format passes it through its own sink.
"""

from __future__ import annotations

import re

from tinygrade.model import CheckResult, Report
from tinygrade.reporters.advice import Commands
from tinygrade.reporters.words import OPEN, WORDS
from tinygrade.text import clean, clean_line

#: Lines of what the student's code printed; the last ones, because they stand next to the failure.
PRINTED_LINES = 20

NO_SCORE = "NOT GRADED, and not zero either"
OUR_FAULT = "A fault of tinygrade, not of the submission. Please tell your instructor."
PARTIAL_RUN = "partial run, not a grade"


def why_no_score(report: Report) -> str:
    """Why the score is null, in one sentence; empty when there is one."""
    if report.score is not None:
        return ""
    faults = [clean_line(c.title) for c in report.checks if c.status == "grader_error"]
    if faults:
        return f"{NO_SCORE}: {', '.join(faults[:3])}. {OUR_FAULT}"
    return f"{PARTIAL_RUN}: only some of the checks were asked for" if report.selected else f"{NO_SCORE}. {OUR_FAULT}"


def headline(check: CheckResult) -> str:
    """The short form of what happened, on one line: the first line of the message, or the status."""
    if check.visibility == "hidden" and not check.message:
        return "hidden check: nothing more is shown"
    return clean_line(next(iter(clean(check.message).splitlines()), "")) or WORDS[check.status]


def text(check: CheckResult, report: Report) -> str:
    """Everything about `check` that this view of `report` holds, in paragraphs."""
    parts = [clean(check.message), _cases(check), clean(check.hint), *_pointers(check, report), _printed(check)]
    if check.visibility == "hidden" and not any(parts[:3]):
        return headline(check)
    return "\n".join(part for part in parts if part)


def place(check: CheckResult, report: Report) -> tuple[str, int] | None:
    """`("tinytorch/functional.py", 27)`: file and line of the student's own, below the folder that was handed in."""
    found = re.match(r"(.+?):(\d{1,9})(?:\s|$)", clean_line(check.where))
    if not found:
        return None
    package = clean_line(str(report.submission.get("package", "")))
    return "/".join([package, found[1]] if package else [found[1]]), int(found[2])


def _cases(check: CheckResult) -> str:
    wrong = [case for case in check.cases if case.status != "passed"]
    told = [f"[{clean_line(case.id)}] {WORDS[case.status]}: {clean_line(case.message)}" for case in wrong]
    return "\n".join(told) if len(check.cases) > 1 else ""


def _pointers(check: CheckResult, report: Report) -> list[str]:
    """Where it is, what to mend first, and the commands that lead on."""
    if check.ok or check.status == "grader_error" or check.visibility == "hidden":
        return []
    commands = Commands.of(report)
    found = [f"where: {clean_line(check.where)}"] if check.where else []
    before = [clean_line(c.title) for c in report.checks if c.id in check.follows_from]
    found += [f"mend first: {', '.join(before)}"] if before else []
    if check.diagnosis and check.status not in OPEN:
        found.append(f"more:  {commands.more(check.diagnosis.code)}")
    return [*found, f"again: {commands.again(check)}"]


def _printed(check: CheckResult) -> str:
    """Marked line by line as the student's, so that it cannot pass for ours."""
    lines = [line for line in clean(check.output[-4096:]).splitlines() if line.strip()][-PRINTED_LINES:]
    return "\n".join(["your code printed:", *(f"| {line}" for line in lines)]) if lines else ""
