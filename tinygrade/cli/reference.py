"""`tinygrade reference`: the instructor's run of the same pipeline on the solution, against what was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinygrade.cli.options import grading_options
from tinygrade.errors import UsageError

if TYPE_CHECKING:
    from tinygrade.model import Report


@click.command("reference")
@grading_options
@click.option("--record", is_flag=True, help="Write the result down as the new baseline.")
@click.pass_context
def command(ctx: click.Context, /, assignment: str, course_dir: Path | None, record: bool, **options: Any) -> int:
    """Check the solution of ASSIGNMENT and compare with the recorded baseline."""
    from tinygrade.cli.running import grade_and_show, open_course
    from tinygrade.config import load_assignment
    from tinygrade.reporters import baseline

    if record and (options["select"] or options["quick"]):
        raise UsageError("--record takes a whole run: leave -k and --quick out")
    course = open_course(ctx, course_dir)
    found = load_assignment(course, assignment)
    file = found.root / baseline.FILE
    # read now: a damaged file is told before the run, and is no hindrance to recording anew
    then = None if record else baseline.read(file)

    def finish(report: Report) -> list[str]:
        return _record(file, report) if record else _compared(then, report, assignment)

    return grade_and_show(ctx, found, str(course.reference), finish)


def _record(file: Path, report: Report) -> list[str]:
    from tinygrade.cli.outputs import write_file
    from tinygrade.reporters import baseline

    if report.score is None:
        return ["nothing recorded: this run has no score"]
    write_file(file, baseline.to_text(baseline.figures(report)))
    return [f"recorded in {file}"]


def _compared(then: Any, report: Report, assignment: str) -> list[str]:
    from tinygrade.reporters import baseline

    if then is None:
        return [f"no baseline is recorded; record one with: tinygrade reference {assignment} --record"]
    return ["baseline", *baseline.compare(then, baseline.figures(report))]
