"""`tinygrade plugins`: who takes part, for when something unexpected does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tinygrade.cli.options import course_option
from tinygrade.errors import CourseError

if TYPE_CHECKING:
    from pathlib import Path

    import pluggy

PREFIX = "tinygrade_"


@click.command("plugins")
@course_option
@click.pass_context
def command(ctx: click.Context, course_dir: Path | None) -> int:
    """List plugins and what each registered."""
    from tinygrade.cli.guard import show
    from tinygrade.cli.running import open_course
    from tinygrade.reporters.lines import table

    try:
        open_course(ctx, course_dir)
    except CourseError:
        # outside a course there are plugins all the same; a course that was named must be one
        if course_dir is not None:
            raise
    for line in table([("plugin", "what", "names"), *_rows(ctx.obj)]):
        show(line)
    return 0


def _rows(manager: pluggy.PluginManager) -> list[tuple[str, str, str]]:
    from tinygrade.plugins import executors, reporters, sandboxes

    registries = {
        "sandboxes": sandboxes(manager),
        "reporters": reporters(manager),
        "executors": executors(manager),
    }
    rows: list[tuple[str, str, str]] = []
    for name, plugin in manager.list_name_plugin():
        callers = manager.get_hookcallers(plugin) or []
        hooks = sorted(caller.name.removeprefix(PREFIX) for caller in callers)
        found = {"hooks": hooks} | {
            kind: [n for n in registry.names() if registry.provider(n) == name]
            for kind, registry in registries.items()
        }
        filled = [(kind, ", ".join(names)) for kind, names in found.items() if names] or [("nothing", "")]
        rows += [(name if i == 0 else "", kind, names) for i, (kind, names) in enumerate(filled)]
    return rows
