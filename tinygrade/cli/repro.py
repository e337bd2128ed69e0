"""`tinygrade repro`: a check that fails, as a script for the student's own debugger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tinygrade.cli.options import course_option, seed_for
from tinygrade.errors import SubmissionError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tinygrade.checklist import Listed
    from tinygrade.events import Event, Recorded
    from tinygrade.grading.run import Record
    from tinygrade.model import Course, Report


@click.command("repro")
@click.argument("check")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), metavar="N", help="The seed of the run that failed.")
@click.option("--submission", metavar="SRC", help="Folder that holds the package. [default: the current folder]")
@click.option("--out", metavar="FILE", help="Write to this file; - for standard output. [default: repro_<check>.py]")
@course_option
@click.pass_context
def command(
    ctx: click.Context, check: str, seed: int | None, submission: str | None, out: str | None, course_dir: Path | None
) -> int:
    """Write a script with the failing input of CHECK that runs in your debugger.

    CHECK is a function such as test_add, a task such as A1.1, or an id; hidden checks are refused.
    """
    from tinygrade.checklist import find
    from tinygrade.cli.running import open_course, submission_source

    course = open_course(ctx, course_dir)
    checks = find(course, check)
    source = submission_source(submission, course)
    if not (Path(source) / course.package).is_dir():
        raise SubmissionError(f"{source} is no folder that holds {course.package}/: a script needs files to run")
    if out not in (None, "-") and not out.endswith(".py"):
        raise UsageError(f"--out {out}: the name of a script ends in .py, or is - for standard output")
    from tinygrade.config import load_assignment

    seed = seed_for(load_assignment(course, checks[0].assignment), seed)
    record = _record([found.id for found in checks], source, out)
    recorded, report = _run(course, checks[0].assignment, source, seed, record)
    if recorded is None:
        return _passed(checks, report, seed)
    return _written(recorded, out, seed)


def _record(checks: list[str], source: str, out: str | None) -> Record:
    from tinygrade.grading.run import Record

    inline = out == "-"
    beside = Path.cwd() if out is None or inline else Path(out).resolve().parent
    # Python looks in the script's own folder; read from standard input it has none.
    folder = "" if not inline and beside == Path(source).resolve() else source
    return Record(tuple(checks), "" if out is None or inline else Path(out).name, inline, folder)


def _run(course: Course, assignment: str, source: str, seed: int, record: Record) -> tuple[Recorded | None, Report]:
    from tinygrade.cli.guard import terminable
    from tinygrade.config import load_assignment
    from tinygrade.events import Recorded
    from tinygrade.grading.run import Job, grade

    found: list[Recorded] = []

    def listen(event: Event) -> None:
        if isinstance(event, Recorded):
            found.append(event)

    job = Job(load_assignment(course, assignment), source, seed, record=record)
    with terminable():
        report = grade(job, listen)
    return (found[0] if found else None), report


def _passed(checks: Sequence[Listed], report: Report, seed: int) -> int:
    from tinygrade.cli.guard import say, show
    from tinygrade.cli.running import INCOMPLETE

    if fault := next((check for check in report.checks if check.status == "grader_error"), None):
        say(f"tinygrade: {fault.message}")
        return INCOMPLETE
    names = ", ".join(check.function for check in checks)
    passes = "passes" if len(checks) == 1 else "pass"
    show(f"{names} {passes} with seed {seed}: there is nothing to reproduce, and nothing was written")
    return 0


def _written(recorded: Recorded, out: str | None, seed: int) -> int:
    from tinygrade.cli import scripts
    from tinygrade.cli.guard import say, show

    if not recorded.script:
        where = f" ({recorded.where})" if recorded.where else ""
        say(f"{recorded.title}: {recorded.message}{where}")
        say("nothing was written: there is nothing in it that could be run without the grader")
        return 0
    if out == "-":
        scripts.to_stdout(recorded)
        return 0
    file = scripts.write(recorded, Path(out) if out else Path(recorded.file))
    show(f"{recorded.title}   seed {seed}")
    for line in recorded.message.splitlines():
        show(f"   {line}")
    for label, command in scripts.commands(file):
        show(f"   {label} {command}")
    return 0
