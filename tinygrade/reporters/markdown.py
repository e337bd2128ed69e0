"""Markdown: for a pull request, a wiki, a job's summary. What to mend first, then every check, then the sections.

What a student may have written stands in code spans and fenced blocks only. Beside Markdown it uses <details>, which
GitHub and GitLab fold and every other reader shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tinygrade.model import CheckResult, Report, Status
from tinygrade.reporters import details, home
from tinygrade.reporters.advice import CAUSES_SHOWN, FOLLOWERS_SHOWN, Commands
from tinygrade.reporters.base import SectionText, no_sections
from tinygrade.reporters.causes import Cause, next_task, root_causes
from tinygrade.reporters.words import OPEN, WORDS, count, group_status, grouped, number, points, taken_over
from tinygrade.sinks import html
from tinygrade.sinks import markdown as span
from tinygrade.sinks import markdown_block as block
from tinygrade.text import clean, clean_line, without_commands

#: Beside the word, for who looks before reading.
MARKS: Mapping[Status, str] = {
    "passed": "✅",
    "partial": "🟡",
    "not_implemented": "⬜",
    "blocked": "⬜",
    "grader_error": "🟣",
}
WRONG = "❌"
#: Bytes of what is folded: a message, its cases, and what the code printed; and a section.
DETAIL_LIMIT = 8192
SECTION_LIMIT = 16384


class MarkdownReporter:
    suffix = ".md"

    def __init__(self) -> None:
        self._section_text: SectionText = no_sections

    def use_sections(self, section_text: SectionText) -> None:
        self._section_text = section_text

    def render(self, report: Report) -> str:
        """Paragraphs, separated by empty lines."""
        return "\n\n".join(self.parts(report)) + "\n"

    def render_all(self, reports: Sequence[Report]) -> str:
        """One document after the other."""
        return "\n".join(map(self.render, reports))

    def parts(self, report: Report) -> list[str]:
        """The paragraphs; the first ones say most, so that a place with a limit may leave out the last."""
        return [
            *_head(report),
            *_start_here(report),
            *_groups(report),
            *_home(report),
            *_details(report),
            *self._sections(report),
        ]

    def _sections(self, report: Report) -> list[str]:
        found = ((name, self._section_text(name, data)) for name, data in report.sections.items())
        return [_folded(name, block("\n".join(lines), SECTION_LIMIT)) for name, lines in found if lines]


def _head(report: Report) -> list[str]:
    title = f"# {span(report.assignment)} {span(report.title)}".rstrip()
    adjusted = [f"Adjusted {a.points:+g}: {span(a.reason)}" for a in report.adjustments]
    swapped = [
        f"Swapped: {span(swap.assignment)} is the released solution {span(swap.reason)}".rstrip()
        for swap in report.swaps
        if swap.source == "released"
    ]
    taken = taken_over(report.checks)
    return [title, score_line(report), *adjusted, *swapped, *([span(taken)] if taken else [])]


def score_line(report: Report) -> str:
    """The one line to look at."""
    if report.score is not None:
        mark = "✅ " if report.score >= report.max_score else ""
        return f"{mark}**{points(report.score, report.max_score)} points**"
    if report.selected and not any(check.status == "grader_error" for check in report.checks):
        got, most = sum(c.points for c in report.checks), sum(c.max_points for c in report.checks)
        return f"**{details.PARTIAL_RUN}**: {points(got, most)} points of the checks that ran"
    faults = ", ".join(span(c.title) for c in report.checks if c.status == "grader_error")
    which = f"The fault is in: {faults}. " if faults else ""
    return f"🟣 **{details.NO_SCORE}.** {which}{details.OUR_FAULT}"


def _start_here(report: Report) -> list[str]:
    causes = root_causes(report)
    parts = ["## Start here"] if causes else []
    for index, cause in enumerate(causes[:CAUSES_SHOWN], 1):
        parts += _cause(index, cause, report)
    if len(causes) > CAUSES_SHOWN:
        parts.append(f"And {count(len(causes) - CAUSES_SHOWN, 'more root cause')}, in the table below.")
    return [*parts, *_next(report)]


def _cause(index: int, cause: Cause, report: Report) -> list[str]:
    check = cause.check
    task = f" (task {span(check.task)})" if check.task else ""
    lost = "point" if cause.points == 1 else "points"
    head = f"### {index}. {span(check.where or check.title)}{task}: {number(cause.points)} {lost}"
    titles = dict.fromkeys(span(follower.title) for follower in cause.followers)
    parts = [head, f"{_mark(check.status)} {WORDS[check.status]}", block(check.message or check.title)]
    parts += [f"**Hint:** {span(check.hint)}"] if check.hint else []
    more = " and more" if len(titles) > FOLLOWERS_SHOWN else ""
    parts += [f"Follows from this: {', '.join(list(titles)[:FOLLOWERS_SHOWN])}{more}"] if titles else []
    return [*parts, block("\n".join(_commands(check, report)))]


def _commands(check: CheckResult, report: Report) -> list[str]:
    commands = Commands.of(report)
    more = [commands.more(check.diagnosis.code)] if check.diagnosis else []
    debug = [commands.debug(check, report.assignment)] if check.status not in OPEN else []
    return [*more, commands.again(check), *debug]


def _next(report: Report) -> list[str]:
    check = next_task(report)
    if check is None:
        return []
    message = (clean(check.message).splitlines() or ["not implemented yet"])[0]
    where = f" ({span(check.where)})" if check.where else ""
    return [f"**Next:** {span(message)}{where}"]


def _groups(report: Report) -> list[str]:
    """The lines of the terminal as a table, and every check behind it."""
    rows = ["| | group | passed | points |", "| --- | --- | ---: | ---: |"]
    for name, checks in grouped(report.checks).items():
        status = group_status(checks)
        got = points(sum(c.points for c in checks), sum(c.max_points for c in checks))
        passed = f"{sum(c.ok for c in checks)} of {len(checks)}"
        rows.append(f"| {_mark(status)} {WORDS[status]} | {span(name)} | {passed} | {got} |")
    return ["## Checks", "\n".join(rows), _folded(f"all {count(len(report.checks), 'check')}", _table(report))]


def _table(report: Report) -> str:
    rows = ["| | check | group | points |", "| --- | --- | --- | ---: |"]
    for check in report.checks:
        hidden = " (hidden)" if check.visibility == "hidden" else ""
        cells = (f"{_mark(check.status)} {WORDS[check.status]}", f"{span(check.title)}{hidden}", span(check.group))
        rows.append(f"| {' | '.join(cells)} | {points(check.points, check.max_points)} |")
    return "\n".join(rows)


def _details(report: Report) -> list[str]:
    """What was seen, folded: of each check that is not right and is no hidden one without words."""
    wrong = [check for check in report.checks if not check.ok and (check.message or check.hint)]
    return [_folded(check.title, block(details.text(check, report), DETAIL_LIMIT)) for check in wrong]


def _folded(title: str, body: str) -> str:
    """`title` is untrusted, `body` is Markdown."""
    # a summary is HTML, in which a code span is none; behind the empty line Markdown is read again
    shown = html(without_commands(clean_line(title)))
    return f"<details>\n<summary><code>{shown}</code></summary>\n\n{body}\n\n</details>"


def _home(report: Report) -> list[str]:
    hint = home.without_solution(report)
    lead = f"Again at home ({hint}):" if hint else "Again at home:"
    return [lead, block(home.again(report)), f"Graded with {span(home.graded_with(report))}."]


def _mark(status: Status) -> str:
    return MARKS.get(status, WRONG)
