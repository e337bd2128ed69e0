"""`tinygrade doctor`: can this machine grade code that nobody trusts, and if not, what would make it so?"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinygrade.cli.options import course_option
from tinygrade.errors import UsageError

if TYPE_CHECKING:
    import pluggy

    from tinygrade.isolation import Isolation

STRONG, NOT_STRONG = 0, 4


@click.command("doctor")
@click.option("--sandbox", default="", metavar="NAME", help="Examine this sandbox (see `tinygrade plugins`).")
@click.option("--attacks", is_flag=True, help="Also grade hostile submissions, and tell which of them came through.")
@click.option("-k", "names", default="", metavar="WORDS", help="Only attacks with one of these words in their name.")
@course_option
@click.pass_context
def command(ctx: click.Context, sandbox: str, attacks: bool, names: str, course_dir: Path | None) -> int:
    """Show how well student code is confined here, and what to do about it.

    A worker tries what student code must not do; what is shown is what it could do. The exit code is 0 when the
    isolation is strong and, with --attacks, every attack was held back; else 4.
    """
    if (names or course_dir) and not attacks:
        raise UsageError("-k and --course choose attacks: add --attacks")
    from tinygrade.cli.guard import show
    from tinygrade.reporters.lines import wrapped
    from tinygrade.reporters.terminal import terminal_width
    from tinygrade.sandboxes import machine

    isolation = _measured(ctx.obj, sandbox)
    here = machine.look()
    rows = [*machine.table(here, isolation), *(("advice", text) for text in machine.advice(here, isolation))]
    for name, value in rows:
        for line in wrapped(value, terminal_width(), first=f"{name:<13}", rest=" " * 13):
            show(line.text)
    held = _attacked(ctx, sandbox, names, course_dir) if attacks else True
    return STRONG if isolation.level == "strong" and held else NOT_STRONG


def _attacked(ctx: click.Context, sandbox: str, names: str, course_dir: Path | None) -> bool:
    """Run the attacks one by one, show each as it ends, and tell whether all were held back."""
    from contextlib import nullcontext

    from tinygrade.attacks import runner
    from tinygrade.attacks.attack import chosen
    from tinygrade.attacks.table import Table
    from tinygrade.cli.guard import show, terminable
    from tinygrade.cli.running import open_course
    from tinygrade.config import load_assignment
    from tinygrade.grading.forkserver import started

    assignment = load_assignment(open_course(ctx, course_dir), runner.ASSIGNMENT)
    table = Table(chosen(names))
    with terminable(), started() or nullcontext() as server:
        for line in table.head():
            show(line)
        for attack in table.attacks:
            for line in table.row(runner.run(attack, assignment, sandbox=sandbox, server=server)):
                show(line)
    show(table.foot())
    return not table.broken


def _measured(manager: pluggy.PluginManager, name: str) -> Isolation:
    """What a canary of this sandbox could do, under the limits that assignments have by default, and a small folder."""
    from tempfile import TemporaryDirectory

    from tinygrade.model import Limits
    from tinygrade.plugins import sandboxes
    from tinygrade.sandboxes.builtin import default_name

    make = sandboxes(manager).get(name or default_name())
    with TemporaryDirectory(prefix="tinygrade-") as scratch:
        os.chmod(scratch, 0o711)  # a worker that is another user must get through
        with_folder: dict[str, Any] = {"limits": Limits(scratch_mib=1), "scratch": Path(scratch)}
        sandbox = make(**with_folder) if _has_scratch(make) else make(limits=Limits())
        try:
            isolation: Isolation = sandbox.isolation()
        finally:
            sandbox.close()
    return isolation


def _has_scratch(make: Callable[..., Any]) -> bool:
    """A plugin's sandbox may have no such folder."""
    import inspect

    parameters = inspect.signature(make).parameters.values()
    return any(p.name == "scratch" or p.kind is p.VAR_KEYWORD for p in parameters)
