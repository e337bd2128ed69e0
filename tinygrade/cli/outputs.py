"""Where reports go: `--report FORMAT[=FILE]`, checked before the grading, written whole or not at all after it."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrade.errors import UsageError
from tinygrade.reporters.base import Reporter, SectionText, TakesSections

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
    #: Is it added to what the file holds?
    append: bool = False


def parse(
    values: Sequence[str], registry: Registry[Callable[..., Any]], section_text: SectionText
) -> list[Target]:
    """The targets, all of which can be written.

    Raises:
        UsageError: unknown format, one that is asked for twice, two reports to one place, or a file that cannot be
            written.
    """
    refuse_twice(values)
    targets: list[Target] = []
    for value in values:
        name, equals, file = value.partition("=")
        if equals and not file:
            raise UsageError(f"--report {value}: names no file after the =")
        reporter = registry.get(name)()
        if isinstance(reporter, TakesSections):
            reporter.use_sections(section_text)
        target = _target(name, file, reporter)
        _refuse_same_place(value, target, targets)
        targets.append(target)
    for target in targets:
        if target.file is not None:
            try_writing(target.file, target.append)
    return targets


def _target(name: str, file: str, reporter: Reporter) -> Target:
    named = os.environ.get(getattr(reporter, "environment_file", ""), "")
    place = Path(os.path.realpath(file or named)) if file or named else None
    return Target(name, place, reporter, append=bool(named) and place == Path(os.path.realpath(named)))


def refuse_twice(values: Sequence[str]) -> None:
    """Raise `UsageError` when a format is asked for twice."""
    names = [value.partition("=")[0] for value in values]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise UsageError(f"--report {values[index]}: {name} is asked for twice; write it once and copy the file")


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
        put(target, target.reporter.render(report))


def put(target: Target, text: str) -> None:
    """Bring a rendered report to its place.

    Raises:
        UsageError: the file cannot be written any more.
    """
    if target.file is None:
        _print(text, getattr(target.reporter, "speaks_to_runner", False))
    elif target.append:
        _append(target.file, text)
    else:
        write_file(target.file, text)


def _print(text: str, commands: bool) -> None:
    from tinygrade.text import for_terminal, without_commands

    # standard output may be the log of a CI job, whatever the format
    shown = text if commands else "\n".join(map(without_commands, text.split("\n")))
    sys.stdout.write(for_terminal(shown, sys.stdout.encoding))
    sys.stdout.flush()


def _append(file: Path, text: str) -> None:
    """Add to a file that others write to, too: all of `text`, or nothing of it."""
    try:
        with file.open("ab", buffering=0) as stream:
            before = stream.tell()
            data = text.encode("utf-8", "backslashreplace")
            try:
                written = stream.write(data)
                if written != len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            except OSError:
                with contextlib.suppress(OSError):  # a device or a pipe cannot be cut; the first error says more
                    stream.truncate(before)
                raise
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}") from error


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


def try_writing(file: Path, append: bool = False) -> None:
    """Ask the file system now: nobody should train for five minutes and lose the report."""
    if file.is_dir():
        raise UsageError(f"{file}: cannot be written: it is a folder")
    if _is_device(file):
        return
    try:
        aside = file if append and file.exists() else _aside(file)
        aside.open("ab").close()
        if aside != file:
            aside.unlink()
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}") from error


def _aside(file: Path) -> Path:
    return file.with_name(f".{file.name[:100]}.{os.getpid()}.part")


def _is_device(file: Path) -> bool:
    # /dev/stdout and pipes are written to: a rename would replace them
    return file.exists() and not file.is_file()
