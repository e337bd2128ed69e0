"""Hooks are called here, so that a broken plugin names itself and takes nobody down with it.

Whose fault it was decides what happens: a built-in's is ours, the course's plugin is part of the course and must work,
and any other plugin is told by name and goes without saying anything. pluggy alone would end the run and not say whose
function it was.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pluggy

from tinygrade.errors import CourseError, GraderError, PluginError, TinygradeError
from tinygrade.text import safe

#: The names of built-in plugins begin so, and nobody else's may.
BUILTIN = "tinygrade."
#: The name under which a course's plugin package is imported. Its folder is never on `sys.path`.
COURSE_PLUGIN = "tinygrade_course_plugin"

#: A plugin may end its own import or call by `sys.exit`; that must not end the run.
ANY_FAULT = (Exception, SystemExit)

Warn = Callable[[str], None]


def print_warning(text: str) -> None:
    """Tell a problem that does not stop the run."""
    print(safe(f"tinygrade: warning: {text}"), file=sys.stderr)


class Once:
    """Warnings of a run, each of them once: a plugin that fails does so at every check."""

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}

    def __call__(self, text: str) -> None:
        self._texts.setdefault(text)

    def tell(self) -> None:
        """Print what came, and forget it."""
        texts, self._texts = self._texts, {}
        for text in texts:
            print_warning(text)


def call(
    manager: pluggy.PluginManager,
    hook: str,
    warn: Warn,
    arguments: dict[str, Any],
    read: Callable[[Any], Any] = lambda result: result,
) -> list[Any]:
    """What plugins answer to `hook`, without those that answer None, in pluggy's order: the latest registered first.

    `read` makes of an answer what the caller needs; if it cannot, the answer is the plugin's fault. `warn` gets a line
    for each plugin that failed.

    Raises:
        GraderError: a built-in plugin failed.
        CourseError: the course's plugin failed; the message names file and line.
        TinygradeError: any plugin raised it on purpose.
    """
    return list(_answers(manager, hook, warn, arguments, read))


def first(
    manager: pluggy.PluginManager,
    hook: str,
    warn: Warn,
    arguments: dict[str, Any],
    read: Callable[[Any], Any] = lambda result: result,
) -> Any:
    """The first answer that is not None, or None; later plugins are not asked. Raises as `call` does."""
    return next(_answers(manager, hook, warn, arguments, read), None)


def _answers(
    manager: pluggy.PluginManager, hook: str, warn: Warn, arguments: dict[str, Any], read: Callable[[Any], Any]
) -> Iterator[Any]:
    for implementation in reversed(getattr(manager.hook, hook).get_hookimpls()):
        try:
            answer = implementation.function(*(arguments[name] for name in implementation.argnames))
            answer = None if answer is None else read(answer)
        except ANY_FAULT as error:
            fault = _fault(implementation, hook, error)
            if not isinstance(fault, PluginError):
                raise fault from error
            warn(str(fault))
        else:
            if answer is not None:
                yield answer


def _fault(implementation: pluggy.HookImpl, hook: str, error: BaseException) -> TinygradeError:
    """What this error is, said by whose plugin it came from."""
    if isinstance(error, TinygradeError) and not isinstance(error, PluginError):
        return error
    name = implementation.plugin_name
    if name.startswith(BUILTIN):
        return GraderError(f"the built-in plugin {name} failed in {hook}: {brief(error)}")
    if name == COURSE_PLUGIN:
        folder = Path(getattr(implementation.plugin, "__file__", "")).parent
        return CourseError(f"{place_of(error, folder) or folder}: the course's plugin failed in {hook}: {brief(error)}")
    return PluginError(f"plugin {name!r} failed in {hook}: {brief(error)}")


# ---- an error in few words -------------------------------------------------------------------------


def brief(error: BaseException) -> str:
    """Class and first line: what a plugin raises may be pages long."""
    text = str(error).strip()
    line = text.splitlines()[0] if text else ""
    return f"{type(error).__name__}: {line}" if line else type(error).__name__


def place_of(error: BaseException, folder: Path) -> str | None:
    """`file:line` of the innermost frame in `folder`, or of the syntax error."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(folder)]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else None
