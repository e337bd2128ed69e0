"""`tinygrade report`: stored reports shown again, or in another format, without grading again."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinygrade.cli import outputs
from tinygrade.cli.gradebook import gradebook_option
from tinygrade.cli.options import course_option
from tinygrade.errors import CourseError, UsageError
from tinygrade.reporters.base import SectionText, Sources, TakesMany

if TYPE_CHECKING:
    from tinygrade.model import Report
    from tinygrade.plugins import Registry

#: A target, and the reports that go there.
Plan = tuple[outputs.Target, Sequence["Report"]]


@click.command("report")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--report",
    "formats",
    multiple=True,
    metavar="FORMAT[=FILE]",
    help="Make this of them, for example junit=r.xml; a folder (junit=out/) takes one file for each report.",
)
@click.option("--instructor", is_flag=True, help="Show hidden checks in full, where the report holds that.")
@click.option("--class", "class_", metavar="ASSIGNMENT", help="The class in the gradebook: terminal, html or csv.")
@click.option("--student", metavar="ID", help="This student's reports in the gradebook; with --class, that one.")
@gradebook_option
@course_option
@click.pass_context
def command(ctx: click.Context, /, files: tuple[Path, ...], formats: tuple[str, ...], **options: Any) -> int:
    """Show reports that were stored as JSON (`tinygrade check --report json=FILE`) once more.

    Or what the gradebook holds: --class tells the instructor what the class did not understand, --student shows the
    reports of one.
    """
    from tinygrade.cli import stored_grades
    from tinygrade.stored import read

    class_, student = options["class_"], options["student"]
    if bool(files) == bool(class_ or student):
        raise UsageError("name a FILE, or --class ASSIGNMENT, or --student ID")
    if class_ and not student:
        stored_grades.show_class(ctx, class_, formats, options)
        return 0
    if student:
        found = stored_grades.reports_of(ctx, student, class_, options)
        _give(ctx, [Path(f"{name}.json") for name in found], list(found.values()), formats, options, read_here=())
    else:
        _give(ctx, files, [read(file) for file in files], formats, options, read_here=files)
    return 0


def _give(
    ctx: click.Context,
    names: Sequence[Path],
    stored: Sequence[Report],
    formats: Sequence[str],
    options: dict[str, Any],
    read_here: Sequence[Path],
) -> None:
    """Show reports, or write them in formats. `names`: what files of theirs are called after."""
    from tinygrade.plugins import reporters

    instructor, course_dir = options["instructor"], options["course_dir"]
    reports = stored if instructor else [report.student_view() for report in stored]
    sources = _sources(ctx, course_dir)
    if formats:
        plans = _plans(names, reports, formats, reporters(ctx.obj), sources)
        _refuse_clashes(read_here, [target for target, _ in plans])
        _write(plans)
    else:
        _show(reports, sources.section_text)


def _sources(ctx: click.Context, course_dir: Path | None) -> Sources:
    from tinygrade.cli.running import open_course
    from tinygrade.cli.sources import sources_of

    try:
        open_course(ctx, course_dir)
    except CourseError:
        # without its course, a section has no words and is left out; a course that was named must be one
        if course_dir is not None:
            raise
    return sources_of(ctx.obj)


# ---- on the screen ---------------------------------------------------------------------------------


def _show(reports: Sequence[Report], section_text: SectionText) -> None:
    from tinygrade.reporters import advice, screen, terminal
    from tinygrade.reporters.lines import Line

    width = terminal.terminal_width()
    place = screen.console(sys.stdout, width)
    for index, report in enumerate(reports):
        screen.show(place, [Line("")] if index else [])
        screen.show(place, terminal.lines(report, advice.Commands.of(report), section_text, width))
        screen.show(place, [Line(f"graded elsewhere: {text}") for text in _differences(report)])


def _differences(report: Report) -> list[str]:
    """What may make the numbers of a run here differ from the report's."""
    from tinygrade.reporters import home

    here = {"numpy": version("numpy"), "python": platform.python_version(), "system": platform.system()}
    return home.differences(report.environment, here)


# ---- in formats ------------------------------------------------------------------------------------


def _write(plans: Sequence[Plan]) -> None:
    # all are rendered before the first is written: a fault of one reporter leaves nothing behind
    for target, text in [(target, outputs.rendered(target, reports)) for target, reports in plans]:
        outputs.put(target, text)


def _plans(
    files: Sequence[Path],
    reports: Sequence[Report],
    formats: Sequence[str],
    registry: Registry[Callable[..., Any]],
    sources: Sources,
) -> list[Plan]:
    """Where what goes; all of it can be written.

    Raises:
        UsageError: as `outputs.parse` does; or a format takes one report and gets many, two files would have one
            name, or a report would be overwritten by what is made of it.
    """
    outputs.refuse_twice(formats)
    folders = [value for value in formats if _names_folder(value)]
    together = outputs.parse([value for value in formats if value not in folders], registry, sources)
    plans: list[Plan] = [(target, reports) for target in together]
    for value in folders:
        names = _names(files, value, registry)
        for name, report in zip(names, reports, strict=True):
            plans += [(target, [report]) for target in outputs.parse([name], registry, sources)]
    for target, many in plans:
        if len(many) > 1 and not isinstance(target.reporter, TakesMany):
            name = target.format
            raise UsageError(f"--report {name}: takes one report, not {len(many)}; name a folder, as in {name}=out/")
    return plans


def _names_folder(value: str) -> bool:
    _, _, file = value.partition("=")
    return bool(file) and (file.endswith(("/", os.sep)) or os.path.isdir(file))


def _names(files: Sequence[Path], value: str, registry: Registry[Callable[..., Any]]) -> list[str]:
    """`junit=out/` as `junit=out/r.xml` for each r.json."""
    name, _, folder = value.partition("=")
    suffix = getattr(registry.get(name), "suffix", ".txt")
    return [f"{name}={Path(folder) / (file.stem + suffix)}" for file in files]


def _refuse_clashes(files: Sequence[Path], targets: Sequence[outputs.Target]) -> None:
    read = {Path(os.path.realpath(file)) for file in files}
    written = [target.file for target in targets if target.file is not None]
    for index, file in enumerate(written):
        if file in read:
            raise UsageError(f"--report: {file} is a report that is read here, and would be overwritten")
        if file in written[:index]:
            raise UsageError(f"--report: two reports would become {file}; give the files different names")
