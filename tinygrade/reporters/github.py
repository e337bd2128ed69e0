"""GitHub's annotations: workflow commands in the job's log, which GitHub draws beside the student's own lines.

The grammar is that of the runner (actions/runner, src/Runner.Common/ActionCommand.cs). The log of a student's
repository is read by the student, so it is always written from the student's view.
"""

from __future__ import annotations

import os
from pathlib import Path

from tinygrade.model import CheckResult, Report
from tinygrade.reporters import details, home
from tinygrade.reporters.causes import Cause, next_task, root_causes
from tinygrade.reporters.words import WORDS, count, number, points
from tinygrade.sinks import github_log, github_message, github_property
from tinygrade.text import clean_line

#: GitHub shows this many annotations of one kind per step; the others it drops without a word.
MOST = 10
#: Bytes of one message; more would not be read beside a line.
MESSAGE_LIMIT = 4096


class GithubReporter:
    """One command per line: an error for each root cause, a notice for the next stub and one for the whole run."""

    suffix = ".txt"
    #: What it prints is meant for the runner; of every other format no line may be a command.
    speaks_to_runner = True

    def render(self, report: Report) -> str:
        seen = report.student_view()
        causes = root_causes(seen)
        lines = [_cause(cause, seen) for cause in causes[:MOST]]
        stub = next_task(seen)
        if stub is not None:
            lines.append(_command("notice", f"next: {details.headline(stub)}", "not implemented yet", stub, seen))
        return "".join(f"{line}\n" for line in [*lines, _whole(seen, len(causes) - MOST)])


def path(check: CheckResult, report: Report) -> tuple[str, int] | None:
    """File and line of a check in the student's repository; None when it has no place in the student's files.

    The file is named from the root of the repository that the job has checked out, wherever in it the submission is.
    """
    found = details.place(check, report)
    workspace = os.environ.get("GITHUB_WORKSPACE")
    if found is None or not workspace:
        return found
    source, root = Path(report.submission.get("source", "")), Path(workspace)
    inside = source.is_absolute() and source.is_relative_to(root)
    return ((source.relative_to(root) / found[0]).as_posix(), found[1]) if inside else found


def _cause(cause: Cause, report: Report) -> str:
    check = cause.check
    lost = f"{number(cause.points)} {'point' if cause.points == 1 else 'points'}"
    title = f"{WORDS[check.status]} {clean_line(check.title)} ({lost})"
    return _command("error", details.text(check, report), title, check, report)


def _command(kind: str, message: str, title: str, check: CheckResult, report: Report) -> str:
    found = path(check, report)
    place = [f"file={_property(found[0])}", f"line={found[1]}"] if found else []
    return f"::{kind} {','.join([*place, f'title={_property(title)}'])}::{_data(message)}"


def _property(text: str) -> str:
    # GitHub unescapes what stands here, and other systems that read the log look for their own commands
    return github_property(github_log(clean_line(text)))


def _data(text: str) -> str:
    return github_message(github_log(text, MESSAGE_LIMIT), MESSAGE_LIMIT)


def _whole(report: Report, more: int) -> str:
    """The run in one annotation, with what repeats it at home."""
    why = details.why_no_score(report)
    partial = report.selected and not any(check.status == "grader_error" for check in report.checks)
    result = details.PARTIAL_RUN if partial else details.NO_SCORE
    if report.score is not None:
        result = points(report.score, report.max_score)
    kind = "warning" if why and not partial else "notice"
    left_out = [f"and {count(more, 'more root cause')}: see the report"] if more > 0 else []
    message = "\n".join([*([why] if why else []), *left_out, *home.lines(report)])
    return f"::{kind} title={_property(f'{report.assignment}: {result}')}::{_data(message)}"
