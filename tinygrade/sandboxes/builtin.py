"""Registers the built-in sandboxes, through the same hook as any plugin."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from tinygrade.hookspecs import hookimpl


@hookimpl
def tinygrade_register_sandboxes(register: Callable[[str, Callable[..., Any]], None]) -> None:
    register("local", _local)
    register("portable", _portable)


def default_name() -> str:
    """The best sandbox of this system."""
    return "local" if sys.platform == "linux" else "portable"


def _local(**arguments: Any) -> Any:
    from tinygrade.sandboxes.local import LocalSandbox

    return LocalSandbox(**arguments)


def _portable(**arguments: Any) -> Any:
    from tinygrade.sandboxes.portable import PortableSandbox

    return PortableSandbox(**arguments)
