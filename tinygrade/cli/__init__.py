"""The command line: one command per file, imported when it is called, so that `--help` is fast.

A command parses, calls, prints and gives its exit code; what it calls lives elsewhere. Exit codes: 0 graded
and not below --fail-under, 1 below it, 2 the user can mend it, 3 our bug, 4 refused or incomplete, 130 and 143
interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

import click

from tinygrade import __version__
from tinygrade.cli.course_commands import CourseCommands
from tinygrade.cli.guard import guarded
from tinygrade.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    import pluggy

#: Command name -> what `--help` says of it; the module of the same name holds it as `command`.
COMMANDS = {
    "check": "Check a submission and say what to mend first.",
    "explain": "Show the page of a diagnosis, or list all of them.",
    "repro": "Write the failing input of a check as a script to debug.",
    "init": "Start a student's folder from the template.",
    "reference": "Check the solution and compare with the recorded baseline.",
    "audit": "Try an assignment's mutants and correct variants on its checks.",
    "release": "Make bundles for students and for autograders.",
    "grade": "Grade a whole class into a gradebook.",
    "gradebook": "Look at stored grades, publish them, export them.",
    "template": "Generate the student template from the solution.",
    "report": "Show stored reports again, or in another format.",
    "plugins": "List plugins and what they registered.",
    "doctor": "Show how well student code is confined here.",
}


class LazyGroup(click.Group):
    """Knows its commands by name, and imports one only when it is called."""

    #: Those of the course around; looked for only when a command is not one of ours.
    course: CourseCommands

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *sorted({*self.commands, *self.course.told} - set(COMMANDS))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            command = import_module(f"tinygrade.cli.{cmd_name}").command
            assert isinstance(command, click.Command)
            return command
        if cmd_name in self.commands:
            return self.commands[cmd_name]
        return self.course.get(cmd_name) if cmd_name in self.course.summaries else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-") and not self.get_command(ctx, args[0]):
            known = self.list_commands(ctx)
            hint = did_you_mean(args[0], known) or ";"
            raise UsageError(f"there is no command {args[0]!r}{hint} There are: {', '.join(known)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, self._summary(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _summary(self, ctx: click.Context, name: str) -> str:
        if name in COMMANDS and name not in self.commands:
            return COMMANDS[name]
        if name not in self.commands:
            return self.course.told[name]
        command = self.get_command(ctx, name)
        return command.get_short_help_str(limit=60) if command else ""


def make_group() -> LazyGroup:
    """The group without the commands of plugins."""
    group = LazyGroup(
        "tinygrade",
        help="Grade courses in which students write their own tiny deep-learning framework.",
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    return click.version_option(__version__, prog_name="tinygrade", message="%(prog)s %(version)s")(group)


def run(args: Sequence[str], manager: pluggy.PluginManager | None = None) -> int:
    """Run one command line and give its exit code; `manager` replaces the installed plugins."""
    return guarded(lambda: _dispatch(args, manager))


def _dispatch(args: Sequence[str], manager: pluggy.PluginManager | None) -> int:
    from tinygrade.calling import call, print_warning

    if manager is None:
        from tinygrade.plugins import make_plugin_manager

        manager = make_plugin_manager()
    group = make_group()
    call(manager, "tinygrade_add_commands", print_warning, {"cli": group})
    group.course = CourseCommands(args, manager, {*COMMANDS, *group.commands})
    code = group.main(list(args) or ["--help"], prog_name="tinygrade", standalone_mode=False, obj=manager)
    return code if isinstance(code, int) else 0


def main() -> NoReturn:
    """The installed script."""
    sys.exit(run(sys.argv[1:]))
