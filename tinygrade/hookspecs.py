"""The contract between tinygrade and its plugins: every hook, in the order of a run's life.

Built-ins use these hooks like anyone else (`plugins.BUILTIN_PLUGINS`). A plugin implements a hook by a
function of the same name, marked with `tinygrade.hookimpl`; it may leave out arguments that it does not need. Plain
functions only: implementations are called one by one (see `calling`), so there is nothing for a wrapper to wrap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import click

    from tinygrade.figures import Figure
    from tinygrade.model import Adjustment, Assignment, CheckResult, Report, Submission

hookspec = pluggy.HookspecMarker("tinygrade")
hookimpl = pluggy.HookimplMarker("tinygrade")


# ---- start of a command ----------------------------------------------------------------------------


@hookspec
def tinygrade_add_commands(cli: click.Group) -> None:
    """Add commands to the command line. Called once, before the arguments are parsed.

    .. versionadded:: 0.1
    """


@hookspec
def tinygrade_assignment_paths() -> list[Path]:  # type: ignore[empty-body]
    """Folders with a course.toml, used when none is given and none lies above the current folder.

    All results are used, in the order of registration.

    .. versionadded:: 0.1
    """


@hookspec
def tinygrade_register_sandboxes(register: Callable[[str, Callable[..., Any]], None]) -> None:
    """Call `register(name, factory)` for each sandbox. A name that is taken is an error naming both plugins.

    `factory(limits=...)` gives an object as described by `tinygrade.sandbox.Sandbox`. Under `--isolation none` it
    also gets `without`, the names of steps of the confinement to leave out (see `tinygrade.worker.confinement`); for an
    assignment with `scratch_mib`, `scratch`: a folder for the folders of its workers, which every user can get through.

    .. versionadded:: 0.1
    """


@hookspec
def tinygrade_register_reporters(register: Callable[[str, Callable[..., Any]], None]) -> None:
    """Call `register(format, factory)` for each report format.

    `factory()` gives an object with `render(report: Report) -> str`.

    .. versionadded:: 0.1
    """


@hookspec
def tinygrade_register_executors(register: Callable[[str, Callable[..., Any]], None]) -> None:
    """Call `register(name, factory)` for each way to grade many submissions (`tinygrade grade --executor name`).

    `factory(jobs=...)` gives an object as described by `tinygrade.executor.Executor`; `jobs` is the number of gradings
    at a time, or None for as many as there is room for. With `--scheduler` it also gets `scheduler`, an address.

    .. versionadded:: 0.1
    """


@hookspec
def tinygrade_register_diagnoses(register: Callable[..., None]) -> None:
    """Call `register(page, *rules)` for each kind of mistake that you can name; a code that is taken is an error.

    `page` is a `tinygrade.diagnosis.catalogue.Page`, each rule a `Rule` of the same code. Called before the checks of
    a run, and by `tinygrade explain`.

    .. versionadded:: 0.1
    """


# ---- one grading -----------------------------------------------------------------------------------


@hookspec(firstresult=True)
def tinygrade_load_submission(source: str, assignment: Assignment, into: Path) -> Submission | None:
    """Copy the submission `source` into the empty folder `into`; None when it is not of your kind.

    Stops at the first result that is not None. Raise `SubmissionError` for a source that is of your kind but
    cannot be read.

    .. versionadded:: 0.1
    """


@hookspec
def tinygrade_check_plugins(assignment: Assignment) -> list[object]:  # type: ignore[empty-body]
    """pytest plugin objects (fixtures, pytest hooks) for the checks of this assignment.

    They run in the trusted process. All results are used.

    .. versionadded:: 0.1
    """


@hookspec
def tinygrade_check_finished(result: CheckResult) -> None:
    """A check ended. Called in the process of the command, in the order of the checks.

    .. versionadded:: 0.1
    """


@hookspec
def tinygrade_adjust_score(report: Report, context: Mapping[str, Any]) -> Adjustment | None:
    """Points to add or take after scoring (a late policy, a bonus), or None.

    All results are applied. `context` holds what the caller knows; for one's own code it is empty. With a gradebook it
    holds `student`, `submitted` and `due` (ISO 8601 with a zone, or None; an extension is in `due` already), and
    `late`, the table of assignment.toml. Called again whenever one of these changes: depend on nothing else.

    .. versionadded:: 0.1
    """


@hookspec(firstresult=True)
def tinygrade_section_text(name: str, data: Any) -> list[str] | None:
    """Lines of plain text that show the report section `name` in a terminal; None when it is not yours.

    .. versionadded:: 0.1
    """


@hookspec(firstresult=True)
def tinygrade_section_figures(name: str, data: Any) -> list[Figure] | None:
    """Figures (see `tinygrade.figures`) that show the report section `name`; None when it is not yours.

    `data` may come from a stored report of another version. What you give is text and numbers: it is escaped and drawn
    by the reporter. Where there are no figures, the lines of `tinygrade_section_text` are shown.

    .. versionadded:: 0.1
    """


@hookspec
def tinygrade_report_ready(report: Report) -> None:
    """The report is complete (instructor's view). Called in the process of the command.

    .. versionadded:: 0.1
    """
