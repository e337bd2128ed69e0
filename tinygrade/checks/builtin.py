"""Registers the built-in fixtures, through the same hook as any plugin."""

from __future__ import annotations

from tinygrade.hookspecs import hookimpl


@hookimpl
def tinygrade_check_plugins() -> list[object]:
    from tinygrade.checks import fixtures

    return [fixtures]
