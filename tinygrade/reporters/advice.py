"""What to do after a run: the root causes to start with, the next thing to write, and the commands for it."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from tinygrade.model import CheckResult, Report
from tinygrade.reporters.causes import Cause, next_task, root_causes
from tinygrade.reporters.lines import Line, wrapped
from tinygrade.reporters.words import OPEN, WORDS, count, number, style_of
from tinygrade.text import cells, clean, clean_line

#: Root causes that are told in full; more would not be read.
CAUSES_SHOWN = 3
MESSAGE_LINES = 6
OUTPUT_LINES = 5
FOLLOWERS_SHOWN = 4

_INDENT = "   "


@dataclass(frozen=True)
class Commands:
    """Commands that can be pasted back."""

    #: `tinygrade check ASSIGNMENT` with what says where things are, without selection and seed.
    base: str
    #: The whole command of this run.
    repeat: str
    seed: int
    #: What `repro` and `explain` need besides a name: options that say where things are.
    places: str = ""
    course: str = ""
    #: Functions that are checks of several assignments: `repro` takes them behind their assignment.
    shared: frozenset[str] = frozenset()
    #: May the page of a diagnosis be named?
    explains: bool = True
    #: Can `repro` write a script? It needs the folder with the student's files, and not an archive of them.
    scripts: bool = True

    @classmethod
    def of(cls, report: Report) -> Commands:
        """For a report of which nobody knows the command."""
        base = f"tinygrade check {shlex.quote(clean_line(report.assignment))}"
        return cls(base, f"{base} --seed {report.seed}", report.seed)

    def again(self, check: CheckResult) -> str:
        """Only this check, and the one in which its cause was seen."""
        names = dict.fromkeys((function_name(check.id), function_name(_seen_in(check))))
        return f"{self.base} -k {shlex.quote(' or '.join(names))} --seed {self.seed}"

    def debug(self, check: CheckResult, assignment: str) -> str:
        """The check as a script for a debugger."""
        name = function_name(_seen_in(check))
        name = f"{clean_line(assignment)}/{name}" if name in self.shared else name
        return f"tinygrade repro {shlex.quote(name)}{self.places} --seed {self.seed}"

    def more(self, code: str) -> str:
        """The page of a diagnosis."""
        return f"tinygrade explain {shlex.quote(clean_line(code))}{self.course}"


def function_name(id: str) -> str:
    """The test function of a check, which pytest's -k finds."""
    return re.sub(r"\[.*", "", clean_line(id).rsplit("::", 1)[-1])


def _seen_in(check: CheckResult) -> str:
    """Id of the check in which the cause was seen: another one when that found a cause in an earlier assignment."""
    seen = check.diagnosis.evidence.get("check") if check.diagnosis and check.diagnosis.code == "upstream" else None
    return str(seen or check.id)


def advice(report: Report, commands: Commands, width: int) -> list[Line]:
    """All below the score, except the line that repeats the run."""
    lines = _our_faults(report, width)
    causes = root_causes(report)
    if causes:
        lines += [Line(""), Line("START HERE", "bold")]
    for index, cause in enumerate(causes[:CAUSES_SHOWN], 1):
        lines += [*_cause(index, cause, width), *_commands(cause.check, report.assignment, commands)]
    if len(causes) > CAUSES_SHOWN:
        lines.append(Line(f"and {count(len(causes) - CAUSES_SHOWN, 'more root cause')}"))
    lines += _prints(report, [cause.check for cause in causes[:CAUSES_SHOWN]], width)
    lines += _next(report, commands, width)
    return [*lines, Line("")] if lines else []


def repeat(commands: Commands) -> list[Line]:
    """The last line of every run; never wrapped, because it is there to be copied."""
    return [Line(f"repeat this run: {commands.repeat}", "dim", len("repeat this run:"))]


def _cause(index: int, cause: Cause, width: int) -> list[Line]:
    check = cause.check
    task = f" (task {clean_line(check.task)})" if check.task else ""
    lost = f"{number(cause.points)} {'point' if cause.points == 1 else 'points'}"
    head = f"{index}. {clean_line(check.where or check.title)}{task}"
    gap = width - cells(head) - len(lost)
    if gap >= 1:
        lines = [Line(f"{head}{' ' * gap}{lost}", "bold", len(head))]
    else:
        lines = [*wrapped(head, width, rest=_INDENT, style="bold"), Line(f"{_INDENT}{lost}")]
    if check.status not in ("failed", "partial"):
        lines.append(Line(f"{_INDENT}{WORDS[check.status]}", style_of(check.status)))
    lines += _some(check.message or check.title, MESSAGE_LINES, width)
    lines += wrapped(check.hint, width, _INDENT)
    lines += _followers(cause, width)
    printed = _printed(check, width)
    return [*lines, Line(f"{_INDENT}your code printed ({_last(printed)}):"), *printed] if printed else lines


def _commands(check: CheckResult, assignment: str, commands: Commands) -> list[Line]:
    """What leads on from a cause; never wrapped, because it is there to be copied."""
    found = [f"again: {commands.again(check)}"]
    if check.diagnosis and commands.explains:
        found.insert(0, f"more:  {commands.more(check.diagnosis.code)}")
    if check.status not in OPEN and commands.scripts:
        found.append(f"debug: {commands.debug(check, assignment)}")
    return [Line(f"{_INDENT}{command}") for command in found]


def _some(text: str, most: int, width: int) -> list[Line]:
    lines = [line for line in clean(text).splitlines() if line.strip()]
    shown = [piece for line in lines[:most] for piece in wrapped(line, width, _INDENT)]
    return shown + ([Line(f"{_INDENT}({count(len(lines) - most, 'more line')})")] if len(lines) > most else [])


def _followers(cause: Cause, width: int) -> list[Line]:
    titles = list(dict.fromkeys(clean_line(c.title) for c in cause.followers))
    if not titles:
        return []
    more = len(titles) - FOLLOWERS_SHOWN
    shown = ", ".join(titles[:FOLLOWERS_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return wrapped(f"follows from this: {shown}", width, _INDENT, _INDENT + "  ")


def _printed(check: CheckResult, width: int) -> list[Line]:
    """The end of what the student's code printed, marked as theirs so that it cannot pass for ours."""
    lines = [line for line in clean(check.output[-4096:]).splitlines() if line.strip()][-OUTPUT_LINES:]
    return [piece for line in lines for piece in wrapped(line, width, f"{_INDENT}| ", style="dim")]


def _last(printed: list[Line]) -> str:
    return f"last {count(len(printed), 'line')}"


def _prints(report: Report, told: list[CheckResult], width: int) -> list[Line]:
    """In a run of few checks, what the others printed: who selects a check wants to see their own prints."""
    lines: list[Line] = []
    for check in report.checks if report.selected and len(report.checks) <= CAUSES_SHOWN else ():
        printed = [] if check in told or check.visibility == "hidden" else _printed(check, width)
        if printed:
            head = f"your code printed in {clean_line(check.title)} ({_last(printed)}):"
            lines += [Line(""), *wrapped(head, width, rest=_INDENT), *printed]
    return lines


def _next(report: Report, commands: Commands, width: int) -> list[Line]:
    check = next_task(report)
    if check is None:
        return []
    message = (clean(check.message).splitlines() or ["not implemented yet"])[0]
    # the template's stubs begin with the name of their task
    named = not check.task or message.startswith(clean_line(check.task))
    task = "" if named else f"{clean_line(check.task)}: "
    where = f" ({clean_line(check.where)})" if check.where else ""
    return [
        Line(""),
        *wrapped(f"next: {task}{clean_line(message)}{where}", width, rest=_INDENT, style="bold"),
        Line(f"{_INDENT}check it: {commands.again(check)}"),
    ]


def _our_faults(report: Report, width: int) -> list[Line]:
    faults = [check for check in report.checks if check.status == "grader_error"]
    if not faults and (report.score is not None or report.selected):
        return []
    lines = [Line(""), Line("NOT GRADED, and not zero either", "bold magenta")]
    text = "A fault of tinygrade, not of your code. Please tell your instructor, with the line below."
    for check in faults[:CAUSES_SHOWN]:
        message = clean(check.message).splitlines()[:1] if check.visibility == "visible" else []
        lines += wrapped(": ".join([clean_line(check.title), *message]), width, _INDENT)
    return lines + wrapped(text, width, _INDENT)
