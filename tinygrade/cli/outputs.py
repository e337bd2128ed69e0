"""Where reports go: `--report FORMAT[=FILE]`, checked before the grading, written whole or not at all after it."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tinygrade.calling import ANY_FAULT, BUILTIN, brief
from tinygrade.errors import GraderError, PluginError, TinygradeError, UsageError
from tinygrade.reporters.base import Reporter, Sources, TakesMany, TakesSections, TakesSources

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
    #: Is it added to what the file holds?
    append: bool = False


def parse(values: Sequence[str], registry: Registry[Callable[..., Any]], sources: Sources) -> list[Target]:
    """The targets, all of which can be written.

    Raises:
        UsageError: unknown format, one that is asked for twice, two reports to one place, or a file that cannot be
            written.
        PluginError: the plugin of a format cannot make a reporter.
    """
    refuse_twice(values)
    targets: list[Target] = []
    for value in values:
        name, equals, file = value.partition("=")
        if equals and not file:
            raise UsageError(f"--report {value}: names no file after the =")
        make, provider = registry.get(name), registry.provider(name)
        reporter = _attempt(partial(_made, make, sources), name, provider)
        place, append = _place(file, reporter)
        target = Target(name, place, reporter, provider, append)
        _refuse_same_place(value, target, targets)
        targets.append(target)
    for target in targets:
        if target.file is not None:
            try_writing(target.file, target.append)
    return targets


def _place(file: str, reporter: Reporter) -> tuple[Path | None, bool]:
    """Where a report goes, and whether it is appended there."""
    named = os.environ.get(getattr(reporter, "environment_file", ""), "")
    place = Path(os.path.realpath(file or named)) if file or named else None
    return place, bool(named) and place == Path(os.path.realpath(named))


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
    """Render and write each one; what cannot be rendered is told when all the others are written.

    Raises:
        UsageError: a file cannot be written any more.
        PluginError: the plugin of a format failed; GraderError: it is a built-in.
    """
    faults: list[TinygradeError] = []
    for target in targets:
        try:
            text = rendered(target, [report])
        except (PluginError, GraderError) as fault:
            faults.append(fault)
        else:
            put(target, text)
    if faults:
        raise faults[0]


def rendered(target: Target, reports: Sequence[Report]) -> str:
    """The text of one report, or of many by a reporter that takes many.

    Raises:
        PluginError: the plugin of the format failed; GraderError: it is a built-in.
    """
    return _attempt(partial(_rendered, target.reporter, reports), target.format, target.provider)


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


def _made(make: Callable[..., Any], sources: Sources) -> Reporter:
    reporter: Reporter = make()
    if isinstance(reporter, TakesSources):
        reporter.use_sources(sources)
    elif isinstance(reporter, TakesSections):
        reporter.use_sections(sources.section_text)
    return reporter


def _rendered(reporter: Reporter, reports: Sequence[Report]) -> str:
    if len(reports) == 1:
        text = reporter.render(reports[0])
    else:
        assert isinstance(reporter, TakesMany)
        text = reporter.render_all(reports)
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


def _print(text: str, commands: bool) -> None:
    from tinygrade.text import for_terminal, without_commands

    # standard output may be the log of a CI job, whatever the format
    shown = text if commands else "\n".join(map(without_commands, text.split("\n")))
    sys.stdout.write(for_terminal(shown, sys.stdout.encoding))
    sys.stdout.flush()


def _append(file: Path, text: str) -> None:
    """Add to a file that others write to, too: all of `text`, or nothing of it."""
    data = text.encode("utf-8", "backslashreplace")
    try:
        with file.open("ab", buffering=0) as stream:
            before = stream.tell()
            try:
                if stream.write(data) != len(data):
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
