"""Registers the built-in reporters, by the hook that plugins use too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrade.hookspecs import hookimpl
from tinygrade.reporters.html.reporter import HtmlReporter
from tinygrade.reporters.jsonfile import JsonReporter
from tinygrade.reporters.terminal import TerminalReporter


@hookimpl
def tinygrade_register_reporters(register: Callable[[str, Callable[..., Any]], None]) -> None:
    register("json", JsonReporter)
    register("html", HtmlReporter)
    register("terminal", TerminalReporter)
