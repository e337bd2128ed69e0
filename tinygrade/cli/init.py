"""`tinygrade init`: a student's first command."""

from __future__ import annotations

from pathlib import Path

import click

from tinygrade.cli.options import course_option


@click.command("init")
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@course_option
@click.pass_context
def command(ctx: click.Context, directory: Path, course_dir: Path | None) -> int:
    """Copy the template to DIR. What is there already stays as it is."""
    from tinygrade.cli.guard import show
    from tinygrade.cli.running import open_course
    from tinygrade.template import init_student_folder

    course = open_course(ctx, course_dir)
    written, left_alone = init_student_folder(course, directory)
    for name in left_alone:
        show(f"left alone, it was there: {name}")
    show(f"{directory}: {len(written)} of {len(written) + len(left_alone)} files written")
    show(f"next: cd {directory} and run tinygrade check ASSIGNMENT --course {course.root}")
    return 0
