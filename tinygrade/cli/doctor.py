"""`tinygrade doctor`: can this machine grade code that nobody trusts, and if not, what would make it so?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pluggy

    from tinygrade.isolation import Isolation

STRONG, NOT_STRONG = 0, 4


@click.command("doctor")
@click.option("--sandbox", default="", metavar="NAME", help="Examine this sandbox (see `tinygrade plugins`).")
@click.pass_context
def command(ctx: click.Context, sandbox: str) -> int:
    """Show how well student code is confined here, and what to do about it.

    A worker tries what student code must not do; what is shown is what it could do. The exit code is 0 when the
    isolation is strong, else 4.
    """
    from tinygrade.cli.guard import show
    from tinygrade.reporters.lines import table
    from tinygrade.sandboxes import machine

    isolation = _measured(ctx.obj, sandbox)
    here = machine.look()
    for line in table(machine.table(here, isolation)):
        show(line)
    for line in machine.advice(here, isolation):
        show(f"advice: {line}")
    return STRONG if isolation.level == "strong" else NOT_STRONG


def _measured(manager: pluggy.PluginManager, name: str) -> Isolation:
    """What a canary of this sandbox could do, under the limits that assignments have by default."""
    from tinygrade.model import Limits
    from tinygrade.plugins import sandboxes
    from tinygrade.sandboxes.builtin import default_name

    sandbox = sandboxes(manager).get(name or default_name())(limits=Limits())
    try:
        isolation: Isolation = sandbox.isolation()
    finally:
        sandbox.close()
    return isolation
