"""`tinygrade template`: keep the students' stubs what the solution says they are."""

from __future__ import annotations

from pathlib import Path

import click

from tinygrade.cli.options import course_option


@click.command("template")
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 when the template is not current.")
@course_option
@click.pass_context
def command(ctx: click.Context, check: bool, course_dir: Path | None) -> int:
    """Generate the course's student template from its marked solution."""
    from tinygrade.cli.guard import show
    from tinygrade.cli.running import open_course
    from tinygrade.template import is_current, write_template

    course = open_course(ctx, course_dir)
    changed = is_current(course) if check else write_template(course)
    for name in changed:
        show(f"{'not current' if check else 'changed'}: {name}")
    if not changed:
        show(f"{course.template}: is current")
    elif check:
        show("run `tinygrade template` to bring it up to date")
    return 1 if check and changed else 0
