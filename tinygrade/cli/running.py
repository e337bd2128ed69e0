"""One grading from the command line: what `check` and `reference` do alike."""

from __future__ import annotations

import contextlib
import math
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import click

from tinygrade.calling import Once, Warn, call
from tinygrade.cli import outputs
from tinygrade.cli.guard import terminable
from tinygrade.cli.options import commands, seed_for
from tinygrade.cli.sources import sources_of
from tinygrade.errors import UsageError

if TYPE_CHECKING:
    import pluggy

    from tinygrade.events import Event
    from tinygrade.grading.run import Job
    from tinygrade.model import Assignment, CheckResult, Course, Report

GRADED, BELOW, INCOMPLETE = 0, 1, 4


class Running(Protocol):
    """A grading that was started."""

    def report(self, on_event: Callable[[Event], None]) -> Report: ...
    def close(self) -> None: ...


class Cut(Exception):
    """A grading was given up for a newer one."""


def open_course(ctx: click.Context, explicit: Path | None) -> Course:
    """The course of this command, with its plugin registered."""
    from tinygrade.finding import find_course
    from tinygrade.plugins import load_course_plugin

    course = find_course(explicit, Path.cwd(), ctx.obj)
    load_course_plugin(ctx.obj, course)
    return course


def submission_source(given: str | None, course: Course) -> str:
    """The submission as `grade` takes it; the current folder when none is given and it holds the package."""
    if given is not None:
        return str(Path(given).absolute()) if os.path.exists(given) else given
    here = Path.cwd()
    if (here / course.package).is_dir():
        return str(here)
    inside = " (this is the package itself: go one folder up)" if here.name == course.package else ""
    raise UsageError(
        f"{here} holds no folder {course.package}/{inside}; "
        "run this in the folder that holds it, or name that folder with --submission"
    )


def grade_and_show(
    ctx: click.Context,
    assignment: Assignment,
    source: str,
    finish: Callable[[Report], list[str]] = lambda report: [],
    start: Callable[[Job], Running] | None = None,
    before: Mapping[str, CheckResult] = MappingProxyType({}),
) -> int:
    """Grade as the parameters of `ctx` say, show it, write the reports, and give the exit code.

    `finish` gets the report (instructor's view) and gives lines to print below it. `start` is what starts the grading
    instead of `grading.run.start`; `before` has the results of the run before, by id.
    """
    from tinygrade.grading import run
    from tinygrade.plugins import reporters
    from tinygrade.reporters.live import Headline, LiveView

    manager: pluggy.PluginManager = ctx.obj
    options = ctx.params
    limit = _limit(options["fail_under"], assignment)
    job = job_of(options, assignment, source, manager)
    warn = Once()
    sources = sources_of(manager, warn)
    targets = outputs.parse(options["report"], reporters(manager), sources) if options["report"] else []
    with terminable(), contextlib.closing((start or run.start)(job)) as running:
        # While that loads what it needs.
        stream = sys.stderr if outputs.to_stdout(targets) else sys.stdout
        headline = Headline(assignment.id, assignment.title, commands(ctx, job.seed, assignment))
        with LiveView(stream, headline, sources.section_text, options["instructor"], before=before) as view:
            try:
                report = _graded(running, manager, view.handle, warn)
                try:
                    outputs.write(targets, report if options["instructor"] else report.student_view())
                finally:
                    call(manager, "tinygrade_report_ready", warn, {"report": report})
                view.note(finish(report))
            except Cut:
                view.started = False  # nobody wants to repeat it
                raise
            finally:
                if view.started:
                    view.close()
                warn.tell()
    return exit_code(report, limit)


def job_of(options: dict[str, Any], assignment: Assignment, source: str, manager: pluggy.PluginManager) -> Job:
    """The grading that the options of a command ask for."""
    from tinygrade.grading.run import Job
    from tinygrade.plugins import sandboxes

    if options["sandbox"]:
        sandboxes(manager).get(options["sandbox"])  # tells a mistyped name now
    return Job(
        assignment=assignment,
        source=source,
        seed=seed_for(assignment, options["seed"]),
        select=options["select"],
        quick=options["quick"],
        isolation=options["isolation"],
        earlier=options.get("earlier"),
        sandbox=options["sandbox"],
    )


def _graded(running: Running, manager: pluggy.PluginManager, show: Callable[[Event], None], warn: Warn) -> Report:
    from tinygrade.events import CheckFinished, Warned

    def relay(event: Event) -> None:
        show(event)
        if isinstance(event, CheckFinished):
            call(manager, "tinygrade_check_finished", warn, {"result": event.result})
        elif isinstance(event, Warned):
            warn(event.text)

    return running.report(relay)


def _limit(points: float | None, assignment: Assignment) -> float | None:
    if points is None:
        return None
    if not math.isfinite(points) or points > assignment.points:
        raise UsageError(f"--fail-under takes points, and {assignment.id} has {assignment.points:g} of them")
    return points


def exit_code(report: Report, limit: float | None) -> int:
    """`limit` is the number of points to reach, or None for all of them."""
    if any(check.status == "grader_error" for check in report.checks):
        return INCOMPLETE
    if report.selected:
        reached = sum(check.points for check in report.checks)
        most = sum(check.max_points for check in report.checks)
        all_passed = all(check.ok for check in report.checks)
        return GRADED if (all_passed if limit is None else reached >= min(limit, most) - 1e-9) else BELOW
    if report.score is None:
        return INCOMPLETE
    return GRADED if report.score >= (report.max_score if limit is None else limit) - 1e-9 else BELOW
