"""Several gradings at a time on this machine. Each is a process; the threads here only wait for theirs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from tinygrade.executor import Outcome, Task
from tinygrade.threads import Threads


class LocalExecutor:
    """See `tinygrade.executor.Executor`.

    Args:
        jobs: gradings at a time; one per core unless it is given.
    """

    here = True

    def __init__(self, jobs: int | None = None) -> None:
        self._threads: Threads[Task, Outcome] = Threads(jobs or os.cpu_count() or 1)

    def run(
        self, tasks: Sequence[Task], grade: Callable[[Task], Outcome], on_start: Callable[[Task], None]
    ) -> Iterator[Outcome]:
        def work(task: Task) -> Iterator[Outcome]:
            on_start(task)
            yield grade(task)

        return self._threads.run(tasks, work)

    def close(self) -> None:
        self._threads.close()
