"""Registers the built-in executors, through the same hook as any plugin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrade.hookspecs import hookimpl


@hookimpl
def tinygrade_register_executors(register: Callable[[str, Callable[..., Any]], None]) -> None:
    register("local", _local)


def _local(**arguments: Any) -> Any:
    from tinygrade.executors.local import LocalExecutor

    return LocalExecutor(**arguments)
