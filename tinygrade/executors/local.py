"""Several gradings at a time on this machine. Each is a process; the threads here only wait for theirs."""

from __future__ import annotations

import itertools
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from tinygrade.executor import Outcome, Task

#: A wait is no longer than this, so that an interrupt is seen on every system.
TICK_SECONDS = 0.5
#: Seconds at the end for threads whose gradings were ended.
GRACE_SECONDS = 30


class LocalExecutor:
    """See `tinygrade.executor.Executor`.

    Outcomes come through a queue that an interrupt cannot leave locked: with `concurrent.futures`, Ctrl-C at the wrong
    moment left a lock behind that the threads waited for, and the command with them.

    Args:
        jobs: gradings at a time; one per core unless it is given.
    """

    here = True

    def __init__(self, jobs: int | None = None) -> None:
        self._jobs = jobs or os.cpu_count() or 1
        self._ended: queue.SimpleQueue[Outcome | BaseException] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def run(
        self, tasks: Sequence[Task], grade: Callable[[Task], Outcome], on_start: Callable[[Task], None]
    ) -> Iterator[Outcome]:
        left, running = iter(tasks), 0
        while not self._closed:
            # No more are handed out than run: 50,000 waiting ones would only take memory.
            for task in itertools.islice(left, self._jobs - running):
                self._start(task, grade, on_start)
                running += 1
            if not running:
                return
            try:
                found = self._ended.get(timeout=TICK_SECONDS)
            except queue.Empty:
                continue
            running -= 1
            if isinstance(found, BaseException):
                raise found
            yield found

    def _start(self, task: Task, grade: Callable[[Task], Outcome], on_start: Callable[[Task], None]) -> None:
        def work() -> None:
            try:
                on_start(task)
                self._ended.put(grade(task))
            except BaseException as error:
                self._ended.put(error)

        self._threads = [thread for thread in self._threads if thread.is_alive()]
        self._threads.append(threading.Thread(target=work, name="grading", daemon=True))
        self._threads[-1].start()

    def close(self) -> None:
        self._closed = True
        end = time.monotonic() + GRACE_SECONDS
        for thread in self._threads:
            if thread.is_alive():  # an interrupt may have come before it was started
                thread.join(max(0.0, end - time.monotonic()))
