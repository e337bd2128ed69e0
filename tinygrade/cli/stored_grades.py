"""`tinygrade report --class` and `--student`: what the gradebook holds, looked at as a class or for one student."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinygrade.cli import outputs
from tinygrade.errors import GradebookError, UsageError

if TYPE_CHECKING:
    from tinygrade.gradebook.database import Database
    from tinygrade.gradebook.insight import Insight
    from tinygrade.model import Assignment, Report

#: Students without a grade, and why.
Problems = Sequence[tuple[str, str]]
FORMATS = ("terminal", "html", "csv")


def show_class(ctx: click.Context, name: str, formats: Sequence[str], options: dict[str, Any]) -> None:
    """Show the class in each format, on the screen where none is asked for.

    Raises:
        UsageError: a format that a class does not have, or a file that cannot be written.
        GradebookError: there is no such gradebook.
    """
    from tinygrade.cli.running import open_course
    from tinygrade.config import load_assignment

    targets = _targets(formats or ("terminal",))
    assignment = load_assignment(open_course(ctx, options["course_dir"]), name)
    found, problems = _figures(ctx, assignment, options["gradebook"])
    texts = [(file, _text(form, assignment, found, problems)) for form, file in targets]
    for file, text in texts:
        if file is None:
            _print(text)
        else:
            outputs.write_file(file, text)


def reports_of(ctx: click.Context, student: str, name: str | None, options: dict[str, Any]) -> dict[str, Report]:
    """The student's latest report (instructor's view) by assignment: of `name`, or of all in the course.

    Raises:
        UsageError: the gradebook has none.
    """
    from tinygrade.cli.running import open_course
    from tinygrade.config import load_assignment
    from tinygrade.gradebook import standing
    from tinygrade.gradebook.book import Gradebook

    course = open_course(ctx, options["course_dir"])
    found: dict[str, Report] = {}
    with _Opened(options["gradebook"]) as database:
        for each in [name] if name else course.assignments:
            assignment = load_assignment(course, each)
            entry = Gradebook(database).known(assignment)
            if entry is not None:
                late = assignment.extra.get("late", {})
                for _, report in standing.reports(database, entry, ctx.obj, late, student):
                    found[each] = report
    if not found:
        raise UsageError(f"the gradebook has no report of a student {student!r}{f' for {name}' if name else ''}")
    return found


class _Opened:
    """A gradebook that is there; only looked at."""

    def __init__(self, url: str) -> None:
        from tinygrade.gradebook import database

        database.require_extra()
        if not database.exists(url):
            raise GradebookError(f"gradebook {url}: does not exist; `tinygrade grade` makes one")
        self._database = database.Database(url)

    def __enter__(self) -> Database:
        return self._database

    def __exit__(self, *_: object) -> None:
        self._database.close()


def _figures(ctx: click.Context, assignment: Assignment, url: str) -> tuple[Insight, Problems]:
    from tinygrade.gradebook import standing
    from tinygrade.gradebook.alike import alike, stored_prints
    from tinygrade.gradebook.book import Gradebook
    from tinygrade.gradebook.insight import Insight, insight

    with _Opened(url) as database:
        entry = Gradebook(database).known(assignment)
        if entry is None:
            return Insight(), []
        everybody = standing.reports(database, entry, ctx.obj, assignment.extra.get("late", {}))
        found = insight((who.key, report) for who, report in everybody)
        found.alike = alike(stored_prints(database, entry, found.handed))
        problems = [(who.key, who.problem) for who in standing.standings(database, entry) if who.problem]
    return found, problems


# ---- formats ---------------------------------------------------------------------------------------


def _targets(formats: Sequence[str]) -> list[tuple[str, Path | None]]:
    outputs.refuse_twice(formats)
    found: list[tuple[str, Path | None]] = []
    for value in formats:
        form, equals, file = value.partition("=")
        if form not in FORMATS:
            raise UsageError(f"--report {value}: a class is shown as {', '.join(FORMATS)}")
        if equals and not file:
            raise UsageError(f"--report {value}: names no file after the =")
        place = Path(file) if file else None
        if place in [other for _, other in found]:
            raise UsageError(f"--report {value}: {file or 'standard output'} is already taken")
        if place is not None:
            outputs.try_writing(place)
        found.append((form, place))
    if "html" in dict(found):
        from tinygrade.reporters.html.reporter import require_extra

        require_extra()
    return found


def _text(form: str, assignment: Assignment, found: Insight, problems: Problems) -> str:
    from tinygrade.coordinator import overview

    if form == "csv":
        return overview.to_csv(found)
    if form == "terminal":
        return "\n".join(overview.lines(found, problems)) + "\n"
    from tinygrade.coordinator.classpage import page_of
    from tinygrade.reporters.html.figurepage import render

    return render(page_of(assignment.title, assignment.id, found, problems))


def _print(text: str) -> None:
    from tinygrade.text import for_terminal, without_commands

    shown = "\n".join(map(without_commands, text.split("\n")))
    sys.stdout.write(for_terminal(shown, sys.stdout.encoding))
