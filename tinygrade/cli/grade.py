"""`tinygrade grade`: a whole class into the gradebook; pull the plug and go on."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinygrade.cli.gradebook import gradebook_option
from tinygrade.cli.options import course_option

if TYPE_CHECKING:
    import pluggy

    from tinygrade.coordinator.classrun import Summary
    from tinygrade.gradebook.book import Gradebook
    from tinygrade.gradebook.roster import Student
    from tinygrade.model import Assignment
    from tinygrade.reporters.classview import ClassView

COMPLETE, INCOMPLETE = 0, 4


@click.command("grade")
@click.argument("assignment")
@click.argument("sources", nargs=-1, metavar="SRC...")
@click.option("--roster", type=click.Path(path_type=Path), metavar="CSV", help="Students, and where their work lies.")
@gradebook_option
@click.option("--executor", default="local", show_default=True, metavar="NAME", help="Who grades.")
@click.option("--scheduler", metavar="ADDRESS", help="Of the Dask cluster, with --executor dask: tcp://HOST:PORT.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Gradings at a time. [default: one per core]")
@click.option(
    "--resume/--again", default=True, help="Keep results that still hold, or grade all again. [default: keep]"
)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), metavar="N", help="Instead of the assignment's own seed.")
@click.option(
    "--deadline", type=click.FloatRange(min=1), default=3600, show_default=True, help="Wall seconds per submission."
)
@click.option("--publish", is_flag=True, help="Make what this run finds current, once every submission is graded.")
@course_option
@click.pass_context
def command(ctx: click.Context, /, assignment: str, sources: tuple[str, ...], **options: Any) -> int:
    """Grade the submissions SRC of ASSIGNMENT: folders, archives, a folder of them, a bulk download.

    The exit code is 0 when every submission has a complete report, else 4.
    """
    from tinygrade.cli.guard import terminable
    from tinygrade.cli.running import open_course
    from tinygrade.config import load_assignment
    from tinygrade.coordinator import intake
    from tinygrade.finding import find_course
    from tinygrade.gradebook import database, roster
    from tinygrade.reporters.classview import ClassView

    database.require_extra()
    where = [intake.absolute(source) for source in sources]
    if options["course_dir"] is None:
        intake.refuse_course_inside(find_course(None, Path.cwd(), ctx.obj).root, where)
    found = load_assignment(open_course(ctx, options["course_dir"]), assignment)
    students = roster.read(options["roster"]) if options["roster"] else []
    with terminable(), ClassView(sys.stdout) as view:
        return _grade(ctx.obj, found, where, students, options, view)


def _grade(
    manager: pluggy.PluginManager,
    assignment: Assignment,
    sources: list[str],
    students: list[Student],
    options: dict[str, Any],
    view: ClassView,
) -> int:
    from tinygrade.coordinator import intake, words
    from tinygrade.gradebook.book import Gradebook
    from tinygrade.gradebook.database import Database
    from tinygrade.reporters.lines import Line

    base = (options["roster"] or Path()).absolute().parent
    handed = intake.handed_in(sources, students, base, assignment.course.package)
    database = Database(options["gradebook"])
    try:
        book = Gradebook(database)
        book.add_students(book.entry(assignment).course_id, students)
        view.note([Line(line) for line in words.people(*intake.strangers(handed, students))])
        times = {student.key: student.submitted for student in students if student.submitted}
        result = _run(manager, assignment, book, handed, options, view, times)
        view.note(
            [Line(line) for line in ["", *words.summary(result), *_changed(manager, assignment, book, options, result)]]
        )
    finally:
        database.close()
    return COMPLETE if result.complete else INCOMPLETE


def _run(
    manager: pluggy.PluginManager,
    assignment: Assignment,
    book: Gradebook,
    handed: Any,
    options: dict[str, Any],
    view: ClassView,
    times: dict[str, str],
) -> Summary:
    from tinygrade.coordinator.classrun import Settings, grade_class
    from tinygrade.coordinator.machine import measured
    from tinygrade.plugins import executors
    from tinygrade.reporters.lines import Line

    more = {"scheduler": options["scheduler"]} if options["scheduler"] else {}
    executor = executors(manager).get(options["executor"])(jobs=options["jobs"], **more)
    settings = Settings(options["seed"], options["resume"], options["deadline"])
    try:
        measure = partial(measured, assignment, manager)
        return grade_class(assignment, manager, book, handed, executor, measure, settings, view, times)
    except KeyboardInterrupt:
        view.note([Line("what was graded is stored; run the same command again to go on")])
        raise
    finally:
        executor.close()


def _changed(
    manager: pluggy.PluginManager, assignment: Assignment, book: Gradebook, options: dict[str, Any], result: Summary
) -> list[str]:
    """What publishing would change, or has changed."""
    from tinygrade.coordinator import words
    from tinygrade.gradebook import publishing

    entry = book.entry(assignment)
    found = list(publishing.changes(book.database, entry, manager, assignment.extra.get("late", {})))
    if not found:
        return ["", "nothing to publish: the published grades are those of these results"]
    lines = ["", *words.changes(found)]
    if not options["publish"]:
        return [*lines, f"nothing is published yet; tinygrade gradebook publish {assignment.id} does it"]
    if not result.complete:
        return [*lines, "nothing is published: some submissions have no grade (gradebook publish does it all the same)"]
    publishing.publish(book.database, entry, found)
    return [*lines, words.published(len(found))]
