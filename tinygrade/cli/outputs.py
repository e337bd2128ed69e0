"""Where reports go: `--report FORMAT[=FILE]`, checked before the grading, written whole or not at all after it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tinygrade.calling import ANY_FAULT, BUILTIN, brief
from tinygrade.errors import GraderError, PluginError, TinygradeError, UsageError
from tinygrade.reporters.base import Reporter, Sources, TakesSections, TakesSources

if TYPE_CHECKING:
    from tinygrade.model import Report
    from tinygrade.plugins import Registry

T = TypeVar("T")


@dataclass(frozen=True)
class Target:
    """One report that was asked for."""

    format: str
    #: None for standard output.
    file: Path | None
    reporter: Reporter
    #: The plugin that offers the format.
    provider: str


def parse(values: Sequence[str], registry: Registry[Callable[..., Any]], sources: Sources) -> list[Target]:
    """The targets, all of which can be written.

    Raises:
        UsageError: unknown format, two reports to one place, or a file that cannot be written.
        PluginError: the plugin of a format cannot make a reporter.
    """
    targets: list[Target] = []
    for value in values:
        name, equals, file = value.partition("=")
        if equals and not file:
            raise UsageError(f"--report {value}: names no file after the =")
        make, provider = registry.get(name), registry.provider(name)
        reporter = _attempt(partial(_made, make, sources), name, provider)
        target = Target(name, Path(os.path.realpath(file)) if file else None, reporter, provider)
        _refuse_same_place(value, target, targets)
        targets.append(target)
    for target in targets:
        if target.file is not None:
            try_writing(target.file)
    return targets


def _refuse_same_place(value: str, target: Target, earlier: Sequence[Target]) -> None:
    for other in earlier:
        if other.file == target.file:
            place = "standard output" if target.file is None else str(target.file)
            raise UsageError(f"--report {value}: {place} is already taken by --report {other.format}")


def to_stdout(targets: Sequence[Target]) -> bool:
    return any(target.file is None for target in targets)


def write(targets: Sequence[Target], report: Report) -> None:
    """Render and write each one; what cannot be rendered is told when all the others are written.

    Raises:
        UsageError: a file cannot be written any more.
        PluginError: the plugin of a format failed; GraderError: it is a built-in.
    """
    faults: list[TinygradeError] = []
    for target in targets:
        try:
            text = _attempt(partial(_rendered, target, report), target.format, target.provider)
        except (PluginError, GraderError) as fault:
            faults.append(fault)
        else:
            _put(target, text)
    if faults:
        raise faults[0]


def _put(target: Target, text: str) -> None:
    if target.file is None:
        _print(text)
    else:
        write_file(target.file, text)


def _made(make: Callable[..., Any], sources: Sources) -> Reporter:
    reporter: Reporter = make()
    if isinstance(reporter, TakesSources):
        reporter.use_sources(sources)
    elif isinstance(reporter, TakesSections):
        reporter.use_sections(sources.section_text)
    return reporter


def _rendered(target: Target, report: Report) -> str:
    text = target.reporter.render(report)
    if not isinstance(text, str):
        raise TypeError(f"render gave a {type(text).__name__} instead of a text")
    return text


def _attempt(step: Callable[[], T], name: str, provider: str) -> T:
    """What a reporter answers; where it fails, the error says whose it is."""
    try:
        return step()
    except TinygradeError:
        raise
    except ANY_FAULT as error:
        kind = GraderError if provider.startswith(BUILTIN) else PluginError
        raise kind(f"the reporter {name!r} of plugin {provider!r} failed: {brief(error)}") from error


def _print(text: str) -> None:
    from tinygrade.text import for_terminal

    sys.stdout.write(for_terminal(text, sys.stdout.encoding))
    sys.stdout.flush()


def write_file(file: Path, content: str | bytes) -> None:
    """Write aside and rename, so that nobody ever reads half a report.

    Raises:
        UsageError: it cannot be written.
    """
    data = content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")
    try:
        if _is_device(file):
            file.write_bytes(data)
            return
        aside = _aside(file)
        try:
            aside.write_bytes(data)
            os.replace(aside, file)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}") from error


def try_writing(file: Path) -> None:
    """Ask the file system now: nobody should train for five minutes and lose the report."""
    if file.is_dir():
        raise UsageError(f"{file}: cannot be written: it is a folder")
    if _is_device(file):
        return
    try:
        aside = _aside(file)
        aside.touch()
        aside.unlink()
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}") from error


def _aside(file: Path) -> Path:
    return file.with_name(f".{file.name[:100]}.{os.getpid()}.part")


def _is_device(file: Path) -> bool:
    # /dev/stdout and pipes are written to: a rename would replace them
    return file.exists() and not file.is_file()
