"""Every way in which a command can end, as an exit code and at most one message."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from tinygrade.errors import GraderError, PluginError, TinygradeError, UserError
from tinygrade.text import clean, for_terminal, safe

INTERRUPTED = 130
TERMINATED = 143
OUR_FAULT = 3


class Terminated(KeyboardInterrupt):
    """SIGTERM, as an exception: it cleans up on the way out like Ctrl-C does."""


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM raises `Terminated` inside, so that no worker outlives the command."""

    def stop(signum: int, frame: object) -> NoReturn:
        # `timeout` signals twice, by itself and by the group: the second must not disturb the cleaning up.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Terminated

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not in the main thread: whoever runs us there handles signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def say(message: str) -> None:
    """A message on standard error; it may quote anything."""
    print(safe(message), file=sys.stderr, flush=True)


def show(line: str) -> None:
    """A line of a command's output on standard output."""
    print(for_terminal(clean(line), sys.stdout.encoding))


def guarded(command: Callable[[], int]) -> int:
    """The exit code of `command`, whatever it raises."""
    try:
        return command()
    except click.ClickException as error:
        return _usage(error)
    except (click.Abort, KeyboardInterrupt, EOFError) as error:
        terminated = isinstance(error, Terminated) or isinstance(error.__cause__, Terminated)
        say("terminated" if terminated else "interrupted")
        return TERMINATED if terminated else INTERRUPTED
    except UserError as error:
        say(f"tinygrade: {error}")
        return error.exit_code
    except (GraderError, PluginError) as error:
        return _fault(error, str(error))
    except TinygradeError as error:
        say(f"tinygrade: {error}")
        return error.exit_code
    except Exception as error:
        return _fault(error, f"{type(error).__name__}: {error}")


def _usage(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    hint = f"\nTry '{context.command_path} --help'." if context else ""
    say(f"tinygrade: {error.format_message()}{hint}")
    return error.exit_code


def _fault(error: Exception, message: str) -> int:
    whose = "a plugin failed" if isinstance(error, PluginError) else "this is a fault of tinygrade, not yours"
    say(f"tinygrade: {whose}: {_first_line(message)} (details: {_saved(error)})")
    return OUR_FAULT


def _first_line(message: str) -> str:
    return (message.strip().splitlines() or [""])[0][:300]


def _saved(error: Exception) -> str:
    """The name of a file with the traceback, for a report to us."""
    text = "".join(traceback.format_exception(error))
    try:
        handle, name = tempfile.mkstemp(prefix="tinygrade-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as problem:
        return f"could not be written: {problem.strerror}"
    return name
