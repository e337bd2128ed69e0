"""Several gradings of one assignment on one sandbox, for submissions that one author made: those of an audit.

Most of what a small grading costs is spent before its first check: loading the course, starting the parent of its
workers, measuring the isolation. Here that is done once, and each grading is a fork of the process that did it, with
workers of its own. No state passes from one to the next; but code that may send signals could end the parent of
another's workers, so a class is not graded like this.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrade.errors import TinygradeError
from tinygrade.events import Event, Finished, Stopped
from tinygrade.grading.child import Child, Process
from tinygrade.grading.run import message

if TYPE_CHECKING:
    from tinygrade.grading.forkserver import Forkserver
    from tinygrade.grading.run import Job
    from tinygrade.model import Isolation, Report
    from tinygrade.sandbox import Sandbox, Worker


# ---- the side of the command -------------------------------------------------------------------------


def grade(
    jobs: Sequence[Job], server: Forkserver, on_start: Callable[[Process], None] = lambda process: None
) -> Iterator[Report | TinygradeError]:
    """The report of each job, in their order, as it comes, or why there is none.

    Args:
        jobs: of one assignment, with the same isolation, sandbox and limits.
    """
    with Child(server) as child:
        on_start(child.process)
        messages = [message(job, _folder(child.work / str(number))) for number, job in enumerate(jobs)]
        child.tell({**messages[0], "work": str(child.work), "series": messages})
        yield from _reports(child, len(jobs))


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o711)
    return path


def _reports(child: Child, count: int) -> Iterator[Report | TinygradeError]:
    told = 0
    for event in child.events():
        if isinstance(event, Finished | Stopped):
            told += 1
            yield event.report if isinstance(event, Finished) else child.error(event)
    for _ in range(told, count):
        yield child.died()


# ---- the side of the child ---------------------------------------------------------------------------


@dataclass
class Lent:
    """The sandbox of all, for one grading: closing it ends this grading's workers."""

    sandbox: Sandbox
    measured: Isolation
    workers: list[Worker] = field(default_factory=list)

    def open(self, *, cpu_seconds: float) -> Worker:
        self.workers.append(self.sandbox.open(cpu_seconds=cpu_seconds))
        return self.workers[-1]

    def isolation(self) -> Isolation:
        return self.measured

    def slept(self) -> float:
        return self.sandbox.slept()

    def close(self) -> None:
        for worker in self.workers:
            worker.close()


def run(
    job: dict[str, Any],
    sandbox: Sandbox,
    one: Callable[[dict[str, Any], Sandbox, int], None],
    emit: Callable[[Event], None],
) -> None:
    """Run each job of the series in a fork of this process; each tells of itself.

    Args:
        sandbox: what the jobs share; it is closed at the end.
        one: grades one job on a sandbox in a fork of the process with this number, and tells how it ended.
    """
    try:
        measured = sandbox.isolation()
        for each in job["series"]:
            if code := _forked(partial(one, each, Lent(sandbox, measured))):
                emit(Stopped("GraderError", f"the grading ended with code {code}"))
    finally:
        sandbox.close()


def _forked(act: Callable[[int], None]) -> int:
    """The exit code of a fork that did this; it is told the number of its parent."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 1
    try:
        act(parent)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)
