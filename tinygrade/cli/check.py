"""`tinygrade check`: what students run twenty times an evening."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tinygrade.cli.options import grading_options


@click.command("check")
@grading_options
@click.option("--submission", metavar="SRC", help="Folder, archive, notebook or git+ address. [default: this folder]")
@click.option(
    "--earlier",
    type=click.Choice(["own", "released", "auto"]),
    help="Where earlier assignments are taken from. [default: as the assignment says]",
)
@click.option("--watch", is_flag=True, help="Check again whenever a file is saved.")
@click.pass_context
def command(
    ctx: click.Context, /, assignment: str, course_dir: Path | None, submission: str | None, watch: bool, **options: Any
) -> int:
    """Check a submission of ASSIGNMENT and say what to mend first."""
    from tinygrade.cli.running import grade_and_show, open_course, submission_source
    from tinygrade.config import load_assignment

    course = open_course(ctx, course_dir)
    found = load_assignment(course, assignment)
    source = submission_source(submission, course)
    if watch:
        from tinygrade.cli import watching

        watching.watch(ctx, found, source)
    return grade_and_show(ctx, found, source)
