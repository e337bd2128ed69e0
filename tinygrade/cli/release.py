"""`tinygrade release`: hand an assignment out without handing the solution out."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinygrade.cli.options import course_option
from tinygrade.errors import UsageError

if TYPE_CHECKING:
    from tinygrade.release.bundle import Order
    from tinygrade.release.make import Made, OnStep


@click.command("release")
@click.argument("assignment", required=False)
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder for the bundles.")
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Release solutions as if it were this day. [default: now]",
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 200),
    default=20,
    show_default=True,
    metavar="N",
    help="Record the solution for N seeds.",
)
@click.option("--probe", type=click.Choice(["gradescope"]), help="Only a bundle that runs `doctor` on this platform.")
@course_option
@click.pass_context
def command(
    ctx: click.Context,
    assignment: str | None,
    out: Path,
    today: datetime | None,
    seeds: int,
    probe: str | None,
    course_dir: Path | None,
) -> int:
    """Make the bundles of ASSIGNMENT and those before it: one for students, one for the autograder.

    Without ASSIGNMENT, of the whole course. Nothing is written before it is proved that stubs have no points, the
    solution has all, and no line of it is in the students' bundle. A bundle of ours in DIR is brought up to date;
    what somebody has changed in it is never replaced.
    """
    from tinygrade.cli.guard import show, terminable
    from tinygrade.cli.running import open_course
    from tinygrade.release import make
    from tinygrade.release.bundle import order

    if probe:
        if assignment:
            raise UsageError("--probe makes a bundle that grades nothing: leave the assignment out")
        written, _ = make.probe(out)
        show(f"{out}: {written} files; upload gradescope-probe.zip as an autograder, and hand in any file")
        return 0
    wanted = order(open_course(ctx, course_dir), assignment, today.date() if today else date.today())
    with terminable(), _progress() as on_step:
        made = make.Release(wanted, tuple(range(1, seeds + 1)), on_step).make(out)
    for line in _summary(out, wanted, made):
        show(line)
    return 0


def _summary(out: Path, order: Order, made: Made) -> list[str]:
    from tinygrade.release.make import AUTOGRADER, STUDENTS

    names = ", ".join(assignment.id for assignment in order.assignments)
    released = [f"  released solutions in it: {', '.join(made.released)}"] if made.released else []
    removed = f", {made.removed} removed" if made.removed else ""
    return [
        f"proved for {names}:",
        "  stubs have no points, the solution has all, no line of it is in the students' bundle",
        *released,
        f"{out}: {made.written} files written{removed}",
        f"  {STUDENTS}/, {STUDENTS}.zip ({made.size / 1e6:.1f} MB)  for students",
        f"  {AUTOGRADER}/  for you alone: its README.md says what to upload where",
    ]


def _progress() -> AbstractContextManager[OnStep]:
    """A context whose value is told each step, and shows it on standard error."""
    if not sys.stderr.isatty():
        return nullcontext(_logger())
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    class Bar(Progress):
        def __enter__(self) -> Any:
            super().__enter__()
            task = self.add_task("", total=None)
            return lambda number, total, title: self.update(
                task, completed=number - 1, total=total, description=title
            )

    columns = (MofNCompleteColumn(), BarColumn(bar_width=20), TimeElapsedColumn(), TextColumn("{task.description}"))
    bar: Any = Bar(*columns, console=Console(stderr=True), transient=True)
    return bar  # type: ignore[no-any-return]


def _logger() -> OnStep:
    """A line for each step, however often it is told."""
    told = 0

    def log(number: int, total: int, title: str) -> None:
        nonlocal told
        if number > told:
            print(f"{number:>3}/{total}  {title}", file=sys.stderr, flush=True)
        told = number

    return log
