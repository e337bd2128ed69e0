"""Where reports go: `--report FORMAT[=FILE]`, checked before the grading, written whole or not at all after it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrade.errors import UsageError
from tinygrade.reporters.base import Reporter, Sources, TakesSections, TakesSources

if TYPE_CHECKING:
    from tinygrade.model import Report
    from tinygrade.plugins import Registry


@dataclass(frozen=True)
class Target:
    """One report that was asked for."""

    format: str
    #: None for standard output.
    file: Path | None
    reporter: Reporter


def parse(values: Sequence[str], registry: Registry[Callable[..., Any]], sources: Sources) -> list[Target]:
    """The targets, all of which can be written.

    Raises:
        UsageError: unknown format, two reports to one place, or a file that cannot be written.
    """
    targets: list[Target] = []
    for value in values:
        name, equals, file = value.partition("=")
        if equals and not file:
            raise UsageError(f"--report {value}: names no file after the =")
        reporter = registry.get(name)()
        if isinstance(reporter, TakesSources):
            reporter.use_sources(sources)
        elif isinstance(reporter, TakesSections):
            reporter.use_sections(sources.section_text)
        target = Target(name, Path(os.path.realpath(file)) if file else None, reporter)
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
    """Render and write each one.

    Raises:
        UsageError: a file cannot be written any more.
    """
    for target in targets:
        text = target.reporter.render(report)
        if target.file is None:
            _print(text)
        else:
            write_file(target.file, text)


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
