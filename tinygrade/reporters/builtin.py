"""Registers the built-in reporters, by the hook that plugins use too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrade.hookspecs import hookimpl


@hookimpl
def tinygrade_register_reporters(register: Callable[[str, Callable[..., Any]], None]) -> None:
    # Inside, because this plugin is loaded at every start, and few of those write a report.
    from tinygrade.reporters.classroom import ClassroomReporter
    from tinygrade.reporters.csvfile import CsvReporter
    from tinygrade.reporters.github import GithubReporter
    from tinygrade.reporters.github_summary import GithubSummaryReporter
    from tinygrade.reporters.gradescope import GradescopeReporter
    from tinygrade.reporters.html.reporter import HtmlReporter
    from tinygrade.reporters.jsonfile import JsonReporter
    from tinygrade.reporters.junit import JUnitReporter
    from tinygrade.reporters.markdown import MarkdownReporter
    from tinygrade.reporters.terminal import TerminalReporter

    register("json", JsonReporter)
    register("html", HtmlReporter)
    register("terminal", TerminalReporter)
    register("junit", JUnitReporter)
    register("gradescope", GradescopeReporter)
    register("github", GithubReporter)
    register("github-summary", GithubSummaryReporter)
    register("github-classroom", ClassroomReporter)
    register("markdown", MarkdownReporter)
    register("csv", CsvReporter)
