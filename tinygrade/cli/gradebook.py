"""`tinygrade gradebook`: look at what is stored, publish it, move a due date, take a roster in, give grades out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tinygrade.cli.options import course_option
from tinygrade.errors import GradebookError, UsageError

if TYPE_CHECKING:
    from tinygrade.gradebook.book import Entry, Gradebook
    from tinygrade.gradebook.publishing import Change
    from tinygrade.model import Assignment

F = TypeVar("F", bound=Callable[..., Any])

gradebook_option = click.option(
    "--gradebook",
    default="gradebook.db",
    show_default=True,
    envvar="TINYGRADE_GRADEBOOK",
    metavar="URL",
    help="File (SQLite), or postgresql://user@host/name.",
)


@click.group("gradebook")
def command() -> None:
    """Look at stored grades, publish them, move due dates, import a roster, export CSV."""
    from tinygrade.gradebook.database import require_extra

    require_extra()


def _shared(function: F) -> F:
    argument = click.argument("assignment")
    return argument(gradebook_option(course_option(click.pass_context(function))))  # type: ignore[return-value]


@contextmanager
def _opened(
    ctx: click.Context, assignment: str, options: dict[str, Any], *, new: bool = False
) -> Iterator[tuple[Assignment, Gradebook, Entry]]:
    from tinygrade.cli.running import open_course
    from tinygrade.config import load_assignment
    from tinygrade.gradebook import database
    from tinygrade.gradebook.book import Gradebook

    found = load_assignment(open_course(ctx, options["course_dir"]), assignment)
    if not new and not database.exists(options["gradebook"]):
        raise GradebookError(f"gradebook {options['gradebook']}: does not exist; `tinygrade grade` makes one")
    opened = database.Database(options["gradebook"])
    try:
        book = Gradebook(opened)
        yield found, book, book.entry(found)
    finally:
        opened.close()


def _changes(ctx: click.Context, assignment: Assignment, book: Gradebook, entry: Entry) -> list[Change]:
    from tinygrade.gradebook import publishing

    return list(publishing.changes(book.database, entry, ctx.obj, assignment.extra.get("late", {})))


def _say(lines: list[str]) -> None:
    from tinygrade.cli.guard import show

    for line in lines:
        show(line)


@command.command("diff")
@_shared
def diff(ctx: click.Context, /, assignment: str, **options: Any) -> int:
    """What publishing would change, and why."""
    from tinygrade.coordinator import words

    with _opened(ctx, assignment, options) as (found, book, entry):
        changed = _changes(ctx, found, book, entry)
    _say(words.changes(changed, limit=None) or ["nothing to publish"])
    return 0


@command.command("publish")
@_shared
def publish(ctx: click.Context, /, assignment: str, **options: Any) -> int:
    """Make the latest results current.

    What was published before stays in the gradebook.
    """
    from tinygrade.coordinator import words
    from tinygrade.gradebook import publishing

    with _opened(ctx, assignment, options) as (found, book, entry):
        changed = _changes(ctx, found, book, entry)
        publishing.publish(book.database, entry, changed)
    _say([*words.changes(changed), words.published(len(changed)) if changed else "nothing to publish"])
    return 0


@command.command("due")
@_shared
@click.argument("date")
@click.option("--student", metavar="ID", help="An extension for this student alone.")
def due(ctx: click.Context, /, assignment: str, date: str, student: str | None, **options: Any) -> int:
    """Set the due date, and show what that changes.

    DATE is such as 2026-10-01T23:59+02:00, or `none`. Nothing is graded again, and nothing is published.
    """
    from tinygrade.coordinator import words
    from tinygrade.gradebook.roster import utc

    when = None if date == "none" else utc(date)
    if when is None and date != "none":
        raise UsageError(f"{date!r} is no time such as 2026-10-01T23:59+02:00, and not `none`")
    with _opened(ctx, assignment, options) as (found, book, entry):
        try:
            book.set_due(entry, when, student)
        except KeyError as error:
            raise UsageError(f"the gradebook has no student {student!r}") from error
        changed = _changes(ctx, found, book, entry)
    rule = [] if found.extra.get("late") else [f"{assignment} has no table [late]: only a plugin may look at this date"]
    _say([*rule, *(words.changes(changed) or ["no grade changes"])])
    return 0


@command.command("roster")
@_shared
@click.argument("file", type=click.Path(path_type=Path))
def roster(ctx: click.Context, /, assignment: str, file: Path, **options: Any) -> int:
    """Take in the students of a CSV FILE."""
    from tinygrade.gradebook import roster as reading

    students = reading.read(file)
    with _opened(ctx, assignment, options, new=True) as (_, book, entry):
        added = book.add_students(entry.course_id, students)
    _say([f"{len(students)} students in {file}: {added} new, {len(students) - added} known"])
    return 0


@command.command("export")
@_shared
@click.option("--format", "kind", default="csv", show_default=True, help="csv, canvas, moodle or gradescope.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="[default: standard output]")
@click.option("--column", default="", metavar="NAME", help="What the platform calls the assignment.")
def export(ctx: click.Context, /, assignment: str, kind: str, out: Path | None, column: str, **options: Any) -> int:
    """Write the published grades as CSV."""
    from tinygrade.cli import outputs
    from tinygrade.gradebook import exports

    write = exports.chosen(kind)
    if out is not None:
        outputs.try_writing(out)
    with _opened(ctx, assignment, options) as (found, book, entry):
        text = write(exports.rows(book.database, entry), column or found.title, found.points)
    if out is None:
        sys.stdout.write(text)
    else:
        outputs.write_file(out, text)
    return 0


@command.command("reports")
@_shared
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Made new.")
@click.option("--student", metavar="ID", help="Only the report of this student.")
@click.option("--instructor", is_flag=True, help="Show hidden checks in full.")
def reports(
    ctx: click.Context, /, assignment: str, out: Path, student: str | None, instructor: bool, **options: Any
) -> int:
    """Write everybody's latest report as JSON.

    What students may see, unless --instructor is given; `tinygrade report` makes other formats of the files.
    """
    import json
    from urllib.parse import quote

    from tinygrade.cli import outputs
    from tinygrade.gradebook import standing

    with _opened(ctx, assignment, options) as (found, book, entry):
        late = found.extra.get("late", {})
        count = 0
        for who, report in standing.reports(book.database, entry, ctx.obj, late, student):
            _make_folder(out)
            shown = report if instructor else report.student_view()
            # a name may hold what leads out of a folder
            outputs.write_file(out / f"{quote(who.key, safe='@+ ')}.json", json.dumps(shown.to_json(), indent=1))
            count += 1
    if student is not None and not count:
        raise UsageError(f"the gradebook has no report of a student {student!r} for {assignment}")
    _say([f"{count} written to {out}"])
    return 0


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be made: {error.strerror}") from error
