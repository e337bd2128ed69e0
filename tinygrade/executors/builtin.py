"""Registers the built-in executors, through the same hook as any plugin."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

from tinygrade.errors import UsageError
from tinygrade.hookspecs import hookimpl


@hookimpl
def tinygrade_register_executors(register: Callable[[str, Callable[..., Any]], None]) -> None:
    register("local", _local)
    register("dask", _dask)


def _local(**arguments: Any) -> Any:
    from tinygrade.executors.local import LocalExecutor

    if "scheduler" in arguments:
        raise UsageError("--scheduler is for --executor dask; `local` grades on this machine")
    return LocalExecutor(**arguments)


def _dask(**arguments: Any) -> Any:
    if importlib.util.find_spec("distributed") is None:
        raise UsageError('--executor dask needs Dask: pip install distributed')
    from tinygrade.executors.dask import DaskExecutor

    return DaskExecutor(**arguments)
