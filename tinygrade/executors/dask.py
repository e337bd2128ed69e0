"""Gradings on a Dask cluster: each task has one outcome, whatever becomes of the workers."""

from __future__ import annotations

import contextlib
import logging
import queue
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any

import distributed

from tinygrade.calling import print_warning
from tinygrade.errors import RefusedError, UsageError
from tinygrade.executor import Grade, Outcome, Shipping, Task
from tinygrade.executors.cluster import Client, Cluster, Future, Worker
from tinygrade.text import clean_line

#: Seconds between two looks at who is there.
TICK_SECONDS = 0.5
CONNECT_SECONDS = 10
#: Seconds without anybody who may grade, before the run is given up: a cluster may be starting.
PATIENCE_SECONDS = 60
#: The same where workers are there, and all of them were refused.
REFUSED_SECONDS = 5
#: A submission that has lost so many workers is not sent to another.
MOST_LOSSES = 5


@dataclass
class _Flight:
    """A task, somewhere."""

    task: Task
    parcel: bytes
    losses: int = 0
    future: Future | None = None


class DaskExecutor:
    """See `tinygrade.executor.Executor`.

    Args:
        jobs: gradings at a time; as many as the cluster has threads unless it is given.
        scheduler: address of the cluster.

    Raises:
        UsageError: there is no scheduler at this address.
    """

    here = False

    def __init__(self, jobs: int | None = None, scheduler: str = "") -> None:
        if not scheduler:
            raise UsageError("--executor dask needs the address of the cluster: --scheduler tcp://HOST:PORT")
        # A lost worker is no news for the person at the keyboard: its tasks are sent again.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        try:
            connect: Callable[..., Client] = distributed.Client
            self._client = connect(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise UsageError(f"--scheduler {scheduler}: cannot be reached: {error}") from error
        self._jobs = jobs
        self._closed = False
        self._cluster: Cluster | None = None

    def run(self, tasks: Sequence[Task], grade: Grade, on_start: Callable[[Task], None]) -> Iterator[Outcome]:
        run = _Run(self._client, grade.shipping(), tasks, on_start, self._jobs)
        self._cluster = run.cluster
        while not self._closed and not run.over:
            yield from run.step()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError, ValueError, RuntimeError):  # whoever is gone has nothing to end
            if self._cluster is not None:
                self._cluster.end()
        self._client.close(timeout=TICK_SECONDS)


class _Run:
    """The tasks of one run."""

    def __init__(
        self,
        client: Client,
        shipping: Shipping,
        tasks: Sequence[Task],
        on_start: Callable[[Task], None],
        jobs: int | None,
    ) -> None:
        self._shipping, self._on_start, self._jobs = shipping, on_start, jobs
        self._events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.cluster = Cluster(client, shipping, self._events.put, _tell)
        self._left = iter(tasks)
        self._ended = False
        #: Sent before, and lost.
        self._again: deque[_Flight] = deque()
        self._flying: dict[str, _Flight] = {}
        self._able = time.monotonic()

    @property
    def over(self) -> bool:
        return self._ended and not self._again and not self._flying

    def step(self) -> Iterator[Outcome]:
        """What is there after a tick at the latest."""
        for key in self.cluster.look():
            yield from self._lost(key)
        self._require_somebody()
        yield from self._hand_out()
        with contextlib.suppress(queue.Empty):
            future = self._events.get(timeout=TICK_SECONDS)
            while True:
                if not self.cluster.prepared(future):
                    yield from self._arrived(future)
                future = self._events.get_nowait()

    def _hand_out(self) -> Iterator[Outcome]:
        """Send no more than is graded at once: 50,000 waiting parcels would only take memory."""
        while (self._jobs is None or len(self._flying) < self._jobs) and (worker := self.cluster.free()):
            flight = self._next()
            if isinstance(flight, Outcome):
                yield flight
            elif flight is None:
                return
            else:
                self._send(worker, flight)

    def _next(self) -> _Flight | Outcome | None:
        if self._again:
            return self._again.popleft()
        task = next(self._left, None)
        if task is None:
            self._ended = True
            return None
        self._on_start(task)
        parcel = self._shipping.parcel(task)
        return parcel if isinstance(parcel, Outcome) else _Flight(task, parcel)

    def _send(self, worker: Worker, flight: _Flight) -> None:
        flight.future = self.cluster.send(worker, flight.parcel)
        self._flying[flight.future.key] = flight
        flight.future.add_done_callback(self._events.put)

    def _arrived(self, future: Any) -> Iterator[Outcome]:
        if future.key not in self._flying:
            return  # it was lost, and sent again
        if future.status == "finished" and (answer := future.result()):
            yield self._shipping.outcome(self._landed(future.key).task, answer)
        elif future.status == "error" and not _is_loss(future.exception()):
            problem = clean_line(f"not graded, not zero: the worker failed: {future.exception()!r}")
            yield Outcome(self._landed(future.key).task, "fault", problem=problem)
        else:
            self.cluster.forgotten(future.key)
            yield from self._lost(future.key)

    def _lost(self, key: str) -> Iterator[Outcome]:
        flight = self._landed(key)
        flight.losses += 1
        if flight.losses < MOST_LOSSES:
            self._again.append(flight)
        else:
            problem = f"not graded, not zero: each of {MOST_LOSSES} workers was lost while it was graded"
            yield Outcome(flight.task, "fault", problem=problem)

    def _landed(self, key: str) -> _Flight:
        flight = self._flying.pop(key)
        self.cluster.done(key)
        if flight.future is not None:
            flight.future.release()  # the scheduler need not keep what is known here
            flight.future = None
        return flight

    def _require_somebody(self) -> None:
        """Give up where nobody can grade.

        Raises:
            RefusedError: workers are there, and none of them may grade.
            UsageError: no worker is there.
        """
        now, workers = time.monotonic(), self.cluster.workers.values()
        if any(worker.state != "refused" for worker in workers):
            self._able = now
        elif workers and now - self._able > REFUSED_SECONDS:
            raise RefusedError(f"no worker of the cluster may grade; the first says: {next(iter(workers)).problem}")
        elif now - self._able > PATIENCE_SECONDS:
            raise UsageError(
                f"the cluster had no worker for {PATIENCE_SECONDS} s; run the same command again"
            )


def _is_loss(error: BaseException | None) -> bool:
    """Did the worker end, and not the grading?"""
    from asyncio import CancelledError as Cancelled

    from distributed.scheduler import KilledWorker

    return isinstance(error, (KilledWorker, CancelledError, Cancelled))


def _tell(worker: Worker) -> None:
    print_warning(f"worker {worker.address} grades nothing: {clean_line(worker.problem)}")
