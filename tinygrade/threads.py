"""Work in threads of which an interrupt at any moment leaves none waiting.

Ctrl-C may come inside a function of the standard library that holds a lock: with `concurrent.futures`, and with
`Thread.start`, it left a lock behind that everybody waited for. What is called here from the main thread is written in
C, and so done or not done.
"""

from __future__ import annotations

import _thread
import contextlib
import itertools
import queue
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

#: A wait is no longer than this, so that an interrupt is seen on every system.
TICK_SECONDS = 0.5
#: Seconds at the end for threads whose work was ended.
GRACE_SECONDS = 30

Item = TypeVar("Item")
Found = TypeVar("Found")


@dataclass(frozen=True)
class _End:
    """A thread has found all that it will."""

    error: BaseException | None = None


class Threads(Generic[Item, Found]):
    """Several items at a time, each in a thread.

    Args:
        most: threads at a time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._told: queue.SimpleQueue[Found | _End] = queue.SimpleQueue()
        self._started = 0
        self._gone: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._closed = False

    def run(self, items: Iterable[Item], work: Callable[[Item], Iterable[Found]]) -> Iterator[Found]:
        """What `work` finds of each item, as soon as it is there; the first error that it raises is raised here."""
        left, running = iter(items), 0
        while not self._closed:
            # No more are handed out than run: 50,000 waiting ones would only take memory.
            for item in itertools.islice(left, self._most - running):
                self._start(item, work)
                running += 1
            if not running:
                return
            try:
                found = self._told.get(timeout=TICK_SECONDS)
            except queue.Empty:
                continue
            if not isinstance(found, _End):
                yield found
            elif found.error is not None:
                raise found.error
            else:
                running -= 1

    def _start(self, item: Item, work: Callable[[Item], Iterable[Found]]) -> None:
        def thread() -> None:
            try:
                for found in work(item):
                    self._told.put(found)
                self._told.put(_End())
            except BaseException as error:
                self._told.put(_End(error))
            finally:
                self._gone.put(None)

        _thread.start_new_thread(thread, ())
        self._started += 1

    def close(self) -> None:
        """Start nothing more, and wait for the threads, whose work the caller has ended. May be called twice."""
        self._closed = True
        end = time.monotonic() + GRACE_SECONDS
        while self._started and time.monotonic() < end:
            with contextlib.suppress(queue.Empty):
                self._gone.get(timeout=TICK_SECONDS)
                self._started -= 1
