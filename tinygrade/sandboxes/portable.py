"""The sandbox for systems without fork: a fresh process per check, with one spare started ahead."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Collection
from pathlib import Path

from tinygrade.model import Isolation, Limits
from tinygrade.sandboxes.channel import Channel
from tinygrade.sandboxes.deadline import Patience
from tinygrade.sandboxes.isolation import Gate, measured
from tinygrade.sandboxes.local import worker_command, worker_environment
from tinygrade.sandboxes.scratch import Scratch

#: Resource limit of a spare, which does not know yet what it will be used for.
SPARE_CPU_SECONDS = 3600.0


class PortableSandbox:
    """See `tinygrade.sandbox.Sandbox`."""

    def __init__(self, limits: Limits, without: Collection[str] = (), scratch: Path | None = None) -> None:
        self._limits = limits
        self._without = list(without)
        self._scratch = scratch
        self._gate = Gate()
        self._patience = Patience(limits.idle_seconds)
        self._workers: list[Channel] = []
        self._spare: Started | None = self._start(canary=False)

    def open(self, *, cpu_seconds: float) -> Channel:
        started = self._spare or self._start(canary=False)
        self._spare = self._start(canary=False)
        return self._channel(started)

    def isolation(self) -> Isolation:
        return measured(self._channel(self._start(canary=True)), self._gate)

    def slept(self) -> float:
        return self._patience.slept()

    def close(self) -> None:
        if self._spare is not None:
            self._spare.end()
            self._spare.close_pipes()
            self._spare = None
        for worker in self._workers:
            worker.close()

    def _start(self, *, canary: bool) -> Started:
        scratch = Scratch(self._scratch, self._limits.scratch_mib)
        limits = {"memory_mib": self._limits.memory_mib, "cpu_seconds": SPARE_CPU_SECONDS, "scratch": scratch.request}
        return Started(json.dumps({"limits": limits, "canary": canary, "without": self._without}), scratch)

    def _channel(self, started: Started) -> Channel:
        requests, replies, prints = started.detach()
        channel = Channel(started, requests, replies, [prints], self._limits.output_kib << 10, self._patience)
        self._workers = [*(worker for worker in self._workers if worker.is_open), channel]
        self._gate.pass_through(channel)
        return channel


class Started:
    """A worker process with its own pipes."""

    def __init__(self, request: str, scratch: Scratch) -> None:
        self._scratch = scratch
        self._popen = subprocess.Popen(
            worker_command("single", request),
            env=worker_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=os.path.abspath(os.sep),
            start_new_session=True,
        )
        self.pid = self._popen.pid

    def detach(self) -> tuple[int, int, int]:
        """File descriptors of requests, replies and prints; they now belong to the caller."""
        pipes = [self._popen.stdin, self._popen.stdout, self._popen.stderr]
        requests, replies, prints = (os.dup(pipe.fileno()) for pipe in pipes if pipe is not None)
        self.close_pipes()
        return requests, replies, prints

    def close_pipes(self) -> None:
        for pipe in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
            if pipe is not None:
                pipe.close()

    def excess(self) -> str:
        return self._scratch.excess()

    def end(self) -> int:
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        if self._popen.poll() is None:
            self._popen.kill()
        status = self._popen.wait(10)
        self._scratch.remove()
        return status
