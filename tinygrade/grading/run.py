"""Grade one submission: run the trusted side in a child process of its own and relay what it tells.

The child (`tinygrade.grading.session`) starts with an empty working folder and without any PYTHON* or PYTEST_*
variable, so that nothing in the submission or in the user's environment configures it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from tinygrade import errors, events
from tinygrade.errors import GraderError, TinygradeError
from tinygrade.events import Finished, Stopped
from tinygrade.grading.childhood import command, environment
from tinygrade.grading.forkserver import Forkserver

if TYPE_CHECKING:
    import pluggy

    from tinygrade.events import Event
    from tinygrade.model import Assignment, Policy, Report

#: What the child runs.
ENTRY = "from tinygrade.grading.session import main; main()"
#: Seconds that the child gets to end its workers before it is killed with them.
GRACE_SECONDS = 5


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


class Process(Protocol):
    """What a grading runs in: a `subprocess.Popen`, or one that was forked."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


def grade(
    job: Job,
    manager: pluggy.PluginManager,
    on_event: Callable[[Event], None],
    on_start: Callable[[Process], None] = lambda process: None,
    server: Forkserver | None = None,
) -> Report:
    """Run the checks of `job` and give the report (instructor's view).

    `on_start` gets the process of the grading: whoever grades in several threads ends it by `terminate`. With `server`
    it is forked from there, which is cheaper; without, it is a fresh one.

    Raises:
        UserError: submission, course or assignment cannot be read, or nothing was selected.
        RefusedError: the run was refused, or its report is incomplete.
        GraderError: our fault.
    """
    work = Path(tempfile.mkdtemp(prefix="tinygrade-"))
    try:
        child = start(message(job, work), work, server)
        on_start(child.process)
        return watched(child, work, on_event)
    finally:
        shutil.rmtree(work, ignore_errors=True)


@dataclass
class Child:
    """A process that grades, and what it tells."""

    process: Process
    events: IO[str]


def start(job: dict[str, Any], work: Path, server: Forkserver | None, more: IO[bytes] | None = None) -> Child:
    """Start what grades the job that this message describes, in a folder of its own below `work`.

    `more` is a pipe on which the job is already, and on which there will be more; it is closed here.
    """
    ours, theirs = os.pipe()
    here = work / "empty"
    here.mkdir(mode=0o700)
    try:
        with more or tempfile.TemporaryFile() as stdin, open(work / "stderr.txt", "wb") as stderr:
            if more is None:
                stdin.write(json.dumps(job).encode())
                stdin.seek(0)
            if server is None:
                process: Process = _fresh(here, stdin, theirs, stderr)
            else:
                process = server.fork(here, [stdin.fileno(), theirs, stderr.fileno()])
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    return Child(process, os.fdopen(ours, encoding="utf-8"))


def _fresh(here: Path, stdin: IO[bytes], events: int, stderr: IO[bytes]) -> subprocess.Popen[bytes]:
    os.set_inheritable(events, True)
    return subprocess.Popen(
        command(ENTRY, str(events)),
        stdin=stdin,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        cwd=here,
        env=environment(),
        pass_fds=() if os.name == "nt" else (events,),
        start_new_session=True,
    )


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


def watched(child: Child, work: Path, on_event: Callable[[Event], None]) -> Report:
    """The report of a grading that runs; raises as `grade` does."""
    try:
        with child.events as stream:
            for event in read(stream):
                on_event(event)
                if isinstance(event, Finished):
                    return event.report
                if isinstance(event, Stopped):
                    raise error(event, work)
    finally:
        end(child.process)
    raise GraderError(f"the grading ended without a report (code {child.process.poll()})\n{log(work)}")


def read(stream: IO[str]) -> Iterator[Event]:
    """What the child tells, until it ends."""
    for line in stream:
        yield events.from_json(json.loads(line))


def error(event: Stopped, work: Path) -> TinygradeError:
    """What stopped the child."""
    kind = getattr(errors, event.error, GraderError)
    if issubclass(kind, GraderError):
        return GraderError(f"{event.message}\n{log(work)}")
    found: TinygradeError = kind(event.message)
    return found


def log(work: Path) -> str:
    """The end of what the child wrote to standard error."""
    return (work / "stderr.txt").read_text(encoding="utf-8", errors="replace")[-8000:]


def end(process: Process) -> None:
    """End the child; it takes zygote and workers with it, because each dies with its parent."""
    try:
        process.wait(0 if process.poll() is None else None)
    except subprocess.TimeoutExpired:
        process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
