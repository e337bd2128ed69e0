"""Several gradings at a time on this machine. Each is a process; the threads here only wait for theirs."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from tinygrade.executor import Outcome, Task

#: A wait is no longer than this, so that an interrupt is seen on every system.
TICK_SECONDS = 0.5


class LocalExecutor:
    """See `tinygrade.executor.Executor`.

    Args:
        jobs: gradings at a time; one per core unless it is given.
    """

    here = True

    def __init__(self, jobs: int | None = None) -> None:
        self._jobs = jobs or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._jobs, thread_name_prefix="grading")
        self._closed = False

    def run(
        self, tasks: Sequence[Task], grade: Callable[[Task], Outcome], on_start: Callable[[Task], None]
    ) -> Iterator[Outcome]:
        def started(task: Task) -> Outcome:
            on_start(task)
            return grade(task)

        left = iter(tasks)
        running: set[Future[Outcome]] = set()
        while not self._closed:
            # No more are handed out than run: 50,000 waiting ones would only take memory.
            running |= {self._pool.submit(started, task) for task in itertools.islice(left, self._jobs - len(running))}
            if not running:
                return
            done, running = wait(running, timeout=TICK_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()

    def close(self) -> None:
        self._closed = True
        self._pool.shutdown(wait=True, cancel_futures=True)
