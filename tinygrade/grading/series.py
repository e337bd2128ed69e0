"""Several gradings of one assignment on one sandbox, for submissions that one author made: those of an audit.

Most of what a small grading costs is spent before its first check: loading the course, starting the parent of its
workers, measuring the isolation. Here that is done once, and each grading is a fork of the process that did it, with
workers of its own. No state passes from one to the next; but code that may send signals could end the parent of
another's workers, so a class is not graded like this.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tinygrade.errors import TinygradeError
from tinygrade.events import Event, Stopped
from tinygrade.grading.child import Child, Process
from tinygrade.grading.run import message

if TYPE_CHECKING:
    from tinygrade.grading.forkserver import Forkserver
    from tinygrade.grading.run import Job
    from tinygrade.model import Isolation, Report
    from tinygrade.sandbox import Sandbox, Worker


# ---- the side of the command -------------------------------------------------------------------------


class Series:
    """Gradings one after the other, each asked for when the one before has told its end; a context manager.

    Args:
        job: what they have in common: assignment, isolation, sandbox and limits.
    """

    def __init__(self, job: Job, server: Forkserver) -> None:
        self._count = 0
        with Child(server).closed_on_error() as self._child:
            self._child.tell({**message(job, self._child.work), "series": True})

    @property
    def process(self) -> Process:
        """What `terminate` ends all of them with."""
        return self._child.process

    def start(self, job: Job) -> None:
        """Begin with a grading; its report is to be taken before the next is started."""
        folder = self._child.work / str(self._count)
        folder.mkdir(mode=0o711)
        self._count += 1
        self._child.tell(message(job, folder))

    def report(self, on_event: Callable[[Event], None] = lambda event: None) -> Report:
        """What came of it. Raises as `Child.report` does."""
        return self._child.report(on_event)

    def __enter__(self) -> Series:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._child.let_end()
        self.close()

    def close(self) -> None:
        """End it, whatever it does. May be called twice."""
        self._child.close()


def grade(
    jobs: Sequence[Job], server: Forkserver, on_start: Callable[[Process], None] = lambda process: None
) -> Iterator[Report | TinygradeError]:
    """The report of each job, in their order, as it comes, or why there is none.

    Args:
        jobs: of one assignment, with the same isolation, sandbox and limits.
    """
    with Series(jobs[0], server) as series:
        on_start(series.process)
        for job in jobs:
            series.start(job)
            try:
                yield series.report()
            except TinygradeError as error:
                yield error


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
    jobs: Iterable[dict[str, Any]],
    sandbox: Sandbox,
    measured: Isolation,
    one: Callable[[dict[str, Any], Sandbox, int], None],
    emit: Callable[[Event], None],
) -> None:
    """Run each job of the series in a fork of this process; each tells of itself.

    Args:
        sandbox: what the jobs share, and how well it isolates.
        one: grades one job on a sandbox in a fork of the process with this number, and tells how it ended.
    """
    for job in jobs:
        if code := _forked(partial(one, job, Lent(sandbox, measured))):
            emit(Stopped("GraderError", f"the grading ended with code {code}"))


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
