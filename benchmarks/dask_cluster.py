"""A Dask cluster of one's own on loopback, for tests and benchmarks: real processes, made, killed, and thrown away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

PATIENCE_SECONDS = 60


class Cluster:
    """A context manager: a scheduler and its workers, each a process that can be killed.

    Args:
        folder: for logs and what workers spill.
        workers: how many, with one thread each.
    """

    def __init__(self, folder: Path, workers: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._number = folder, workers
        self._file = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self.address = ""
        self.workers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Cluster:
        try:
            self.address = self._wait()
            for _ in range(self._number):
                self.add_worker()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait()

    def add_worker(self, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """One more, which may take some seconds to be there."""
        more = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(self._folder)]
        process = self._start("worker", self.address, *more, environment=environment)
        self.workers.append(process)
        return process

    def kill_worker(self, process: subprocess.Popen[bytes]) -> None:
        """As if its machine had lost power."""
        process.kill()
        process.wait()
        self.workers.remove(process)

    def _start(self, *words: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "distributed.cli.dask_" + words[0], *words[1:]]
        if words[0] == "scheduler":
            command += ["--scheduler-file", str(self._file)]
        with open(self._folder / f"{words[0]}.log", "ab") as log:
            return subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self._folder, env={**os.environ, **(environment or {})}
            )

    def _wait(self) -> str:
        """The scheduler's address, once it has one."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and self.scheduler.poll() is None:
            try:
                return str(json.loads(self._file.read_text())["address"])
            except (OSError, ValueError):  # not there yet, or half-written
                time.sleep(0.05)
        raise RuntimeError(f"no scheduler: {(self._folder / 'scheduler.log').read_text()[-2000:]}")
