"""Grade one submission: what a grading is asked for, and the report that comes of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrade.grading.child import Child, Process

if TYPE_CHECKING:
    from tinygrade.events import Event
    from tinygrade.grading.forkserver import Forkserver
    from tinygrade.model import Assignment, Policy, Report


@dataclass(frozen=True)
class Record:
    """A run that writes the first failure of these checks down as a script, instead of being a grading."""

    #: Ids of the checks.
    checks: tuple[str, ...]
    #: Name of the script; "" for one after the check.
    file: str = ""
    #: Write all arrays into the script, because nothing can stand beside it.
    inline: bool = False
    #: Folder that holds the package, when the script does not lie in it.
    folder: str = ""


@dataclass(frozen=True)
class Reuse:
    """What it takes to run only the checks that were changed: see `checks.reuse`."""

    #: By id of a check, what it depends on by itself; "" for all others.
    prints: Mapping[str, str]
    #: An earlier report of the same submission in its JSON form, and which run it comes from.
    report: Mapping[str, Any] | None = None
    run: str = ""


@dataclass(frozen=True)
class Job:
    """One grading, as asked for."""

    assignment: Assignment
    #: Path or address of the submission, as the user wrote it (made absolute when it is a path).
    source: str
    seed: int
    #: pytest's -k expression, or "".
    select: str = ""
    #: Leave the training run out.
    quick: bool = False
    isolation: str = "auto"
    #: Overrides the assignment's policy for earlier assignments.
    earlier: Policy | None = None
    #: Name of a registered sandbox, or "" for the best one of this system.
    sandbox: str = ""
    #: Part of every training budget that is given. A grade is made with all of it; an audit gives wrong code less.
    budget: float = 1.0
    #: Run the smoke checks of earlier assignments; an audit leaves them out where these are the solution's own files.
    smoke: bool = True
    record: Record | None = None
    #: File of a recorded reference to judge by, instead of the solution.
    recorded: Path | None = None
    #: File to write what the solution answered to.
    recording: Path | None = None
    #: Draw the same inputs for every submission, as recorded runs do.
    shared_inputs: bool = False
    #: What hidden checks and training are drawn from (64 hex digits); "" for a fresh one.
    secret: str = ""
    #: Take over what still holds, and note what results depend on.
    reuse: Reuse | None = None
    #: Checks about these modules of the package come first, as soon as what they need has run.
    first: tuple[str, ...] = ()


def grade(
    job: Job,
    on_event: Callable[[Event], None],
    on_start: Callable[[Process], None] = lambda process: None,
    server: Forkserver | None = None,
) -> Report:
    """Run the checks of `job` and give the report (instructor's view); raises as `Child.report` does.

    `on_start` gets the process of the grading: whoever grades in several threads ends it by `terminate`. With `server`
    it is forked from there, which is cheaper; without, it is a fresh one.
    """
    with start(job, server, on_start) as child:
        return child.report(on_event)


def start(
    job: Job, server: Forkserver | None = None, on_start: Callable[[Process], None] = lambda process: None
) -> Child:
    """Start the grading; the caller takes its report, and closes it. For the rest see `grade`."""
    with Child(server).closed_on_error() as child:
        on_start(child.process)
        child.tell(message(job, child.work))
    return child


def message(job: Job, work: Path) -> dict[str, Any]:
    """The job as the child reads it."""
    return {
        "course": str(job.assignment.course.root),
        "assignment": job.assignment.id,
        "source": job.source,
        "seed": job.seed,
        "secret": job.secret or secrets.token_hex(32),
        "select": job.select,
        "quick": job.quick,
        "isolation": job.isolation,
        "earlier": job.earlier,
        "sandbox": job.sandbox,
        "budget": job.budget,
        "smoke": job.smoke,
        "record": asdict(job.record) if job.record else None,
        "recorded": str(job.recorded) if job.recorded else "",
        "recording": str(job.recording) if job.recording else "",
        "shared_inputs": job.shared_inputs,
        "reuse": asdict(job.reuse) if job.reuse else None,
        "first": list(job.first),
        "waits": False,
        "work": str(work),
    }
