"""The workers of a Dask cluster: who is there, who may grade, who has room, who was lost.

Each process is prepared before its first submission, and one that cannot grade (another version, weak isolation) gets
none. A task goes to one worker by name, so that it is known here who has it: when that worker is lost, the task is sent
again, under another key, and whatever the old key may still answer is not heard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from tinygrade.errors import UsageError
from tinygrade.executor import Shipping

#: `distributed.Client` and `distributed.Future`, whose methods have no types.
Client = Any
Future = Any


@dataclass
class Worker:
    """One process of the cluster."""

    address: str
    #: Gradings at a time.
    threads: int
    state: Literal["preparing", "ready", "refused"] = "preparing"
    #: Why it is refused.
    problem: str = ""
    #: Keys of what it grades.
    running: set[str] = field(default_factory=set)
    preparation: Future | None = None


class Cluster:
    """Asked and told by one thread.

    Args:
        arrived: gets each future that has ended, in any thread.
        refused: gets each worker that cannot grade.
    """

    def __init__(
        self, client: Client, shipping: Shipping, arrived: Callable[[Any], None], refused: Callable[[Worker], None]
    ) -> None:
        self._client, self._shipping, self._arrived, self._refused = client, shipping, arrived, refused
        self.workers: dict[str, Worker] = {}
        self._gone = False

    def look(self) -> set[str]:
        """Take new workers in; the keys of what those had that are gone.

        Raises:
            UsageError: the scheduler does not answer.
        """
        try:
            there: dict[str, int] = self._client.nthreads()
        except (OSError, TimeoutError, ValueError) as error:  # ValueError: the client has closed itself
            self._gone = True
            raise UsageError(
                f"the scheduler is gone ({type(error).__name__}); what was graded is stored: run the same command again"
            ) from error
        lost: set[str] = set()
        for address in self.workers.keys() - there.keys():
            lost |= self.workers.pop(address).running
        for address in there.keys() - self.workers.keys():
            self._prepare(Worker(address, there[address]))
        return lost

    def free(self) -> Worker | None:
        """The worker with the most room."""
        room = [worker for worker in self.workers.values() if worker.state == "ready"]
        best = max(room, key=lambda worker: worker.threads - len(worker.running), default=None)
        return best if best is not None and len(best.running) < best.threads else None

    def send(self, worker: Worker, parcel: bytes) -> Future:
        """Let `worker` grade."""
        future = self._submit(worker, self._shipping.grade, parcel)
        worker.running.add(future.key)
        return future

    def done(self, key: str) -> None:
        """This key is over."""
        for worker in self.workers.values():
            worker.running.discard(key)

    def prepared(self, future: Any) -> bool:
        """Was this future a preparation? Then it is known now whether its worker can grade."""
        worker = next((worker for worker in self.workers.values() if worker.preparation is future), None)
        if worker is None:
            return False
        worker.preparation = None
        if future.status == "finished":
            worker.problem = future.result()
        elif future.status == "error":  # most often: tinygrade is not installed there
            worker.problem = f"it cannot be prepared: {future.exception()}"
        else:  # it was lost meanwhile, and `look` will see that, or the connection was
            self._prepare(worker)
            return True
        worker.state = "refused" if worker.problem else "ready"
        if worker.problem:
            self._refused(worker)
        return True

    def forgotten(self, key: str) -> None:
        """The worker that had this key is another process under the same address."""
        for worker in self.workers.values():
            if key in worker.running and worker.state == "ready":
                self._prepare(worker)

    def end(self) -> None:
        """Let all workers end what they do for this run."""
        if self._gone:
            return
        ready = [worker.address for worker in self.workers.values() if worker.state == "ready"]
        self._client.run(self._shipping.end, self._shipping.key, workers=ready, on_error="ignore")

    def _prepare(self, worker: Worker) -> None:
        self.workers[worker.address] = worker
        worker.state = "preparing"
        worker.preparation = self._submit(worker, self._shipping.prepare, self._shipping.common)
        worker.preparation.add_done_callback(self._arrived)

    def _submit(self, worker: Worker, function: Callable[[str, bytes], str], data: bytes) -> Future:
        where = {"workers": [worker.address], "allow_other_workers": False}
        return self._client.submit(function, self._shipping.key, data, pure=False, retries=0, **where)
