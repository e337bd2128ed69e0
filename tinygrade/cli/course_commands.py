"""Commands that belong to a course: listed from its course.toml, imported with its plugin when one is called.

The course has to be found before the command line is parsed, because it decides which commands there are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tinygrade.errors import CourseError

if TYPE_CHECKING:
    import click
    import pluggy

    from tinygrade.model import Course


class CourseCommands:
    """The commands of the course that `args`, or else the current folder, lead to.

    Args:
        taken: names that commands have already; one that the course gives again is an error.
    """

    def __init__(self, args: Sequence[str], manager: pluggy.PluginManager, taken: Collection[str]) -> None:
        self._args = list(args)
        self._manager = manager
        self._taken = taken

    @cached_property
    def summaries(self) -> dict[str, str]:
        """What `--help` says of each command; empty without a course.

        Raises:
            CourseError: course.toml is wrong, or a name is taken.
        """
        if self._course is None:
            return {}
        for name in self._course.commands:
            if name in self._taken:
                file = self._course.root / "course.toml"
                raise CourseError(f"{file}: `commands` names {name!r}, a command that is there already")
        return dict(self._course.commands)

    @cached_property
    def told(self) -> dict[str, str]:
        """The same for a list of all commands, which a broken course must not hide: then a warning, and none."""
        from tinygrade.plugins import print_warning

        try:
            return self.summaries
        except CourseError as error:
            print_warning(f"the commands of the course are left out: {error}")
            return {}

    def get(self, name: str) -> click.Command:
        """The command `name`, one of `summaries`.

        Raises:
            CourseError: the plugin is broken, or does not add it.
        """
        from tinygrade.plugins import course_command

        assert self._course is not None
        return course_command(self._manager, self._course, name)

    @cached_property
    def _course(self) -> Course | None:
        from tinygrade.finding import course_around

        return course_around(_named_course(self._args), Path.cwd(), self._manager)


def _named_course(args: Sequence[str]) -> Path | None:
    """What follows `--course`, as the commands themselves will read it; the last one counts."""
    options = args[: args.index("--")] if "--" in args else args
    named: Path | None = None
    for word, following in zip(options, [*options[1:], ""], strict=False):
        if word == "--course" and following:
            named = Path(following)
        elif word.startswith("--course="):
            named = Path(word.removeprefix("--course="))
    return named
