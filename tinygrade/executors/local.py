"""Several gradings at a time on this machine. Each is a process; the threads here only wait for theirs."""

from __future__ import annotations

import _thread
import contextlib
import itertools
import os
import queue
import time
from collections.abc import Callable, Iterator, Sequence

from tinygrade.executor import Outcome, Task

#: A wait is no longer than this, so that an interrupt is seen on every system.
TICK_SECONDS = 0.5
#: Seconds at the end for threads whose gradings were ended.
GRACE_SECONDS = 30


class LocalExecutor:
    """See `tinygrade.executor.Executor`.

    An interrupt may come at any moment, also inside a function of the standard library that holds a lock: with
    `concurrent.futures`, and with `Thread.start`, Ctrl-C at the wrong one left a lock behind that everybody waited for.
    What is called here from the main thread is written in C, and so done or not done.

    Args:
        jobs: gradings at a time; one per core unless it is given.
    """

    here = True

    def __init__(self, jobs: int | None = None) -> None:
        self._jobs = jobs or os.cpu_count() or 1
        self._ended: queue.SimpleQueue[Outcome | BaseException] = queue.SimpleQueue()
        self._started = 0
        self._gone: queue.SimpleQueue[None] = queue.SimpleQueue()
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
            finally:
                self._gone.put(None)

        _thread.start_new_thread(work, ())
        self._started += 1

    def close(self) -> None:
        self._closed = True
        end = time.monotonic() + GRACE_SECONDS
        while self._started and time.monotonic() < end:
            with contextlib.suppress(queue.Empty):
                self._gone.get(timeout=TICK_SECONDS)
                self._started -= 1
