"""The course's own plugin: its data, what can be learned from it, and how training is judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tinygrade import hookimpl
from tinygrade.figures import Figure

if TYPE_CHECKING:
    import click


@hookimpl
def tinygrade_add_commands(cli: click.Group) -> None:
    from .classroom import commands

    cli.add_command(commands.train)
    cli.add_command(commands.compare)


@hookimpl
def tinygrade_check_plugins() -> list[object]:
    from . import fixtures, networks, stopwatch, tuning

    return [fixtures, networks, stopwatch, tuning]


@hookimpl
def tinygrade_section_text(name: str, data: Any) -> list[str] | None:
    from . import sections

    return sections.text(name, data)


@hookimpl
def tinygrade_section_figures(name: str, data: Any) -> list[Figure] | None:
    from . import figures

    return figures.of_section(name, data)


@hookimpl
def tinygrade_register_diagnoses(register: Callable[..., None]) -> None:
    from . import diagnoses

    diagnoses.register_all(register)
