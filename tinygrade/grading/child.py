"""The process that grades, seen from the command: started with nothing, told its job, heard until its report.

It (`tinygrade.grading.session`) starts in an empty working folder and without any PYTHON* or PYTEST_* variable, so that
nothing in the submission or in the user's environment configures it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Protocol

from tinygrade import errors, events
from tinygrade.errors import GraderError, TinygradeError
from tinygrade.events import Finished, Stopped
from tinygrade.grading.childhood import command, environment

if TYPE_CHECKING:
    from tinygrade.events import Event
    from tinygrade.grading.forkserver import Forkserver
    from tinygrade.model import Report

#: What the child runs.
ENTRY = "from tinygrade.grading.session import main; main()"
#: Seconds that the child gets to end its workers before it is killed with them.
GRACE_SECONDS = 5


class Process(Protocol):
    """What a grading runs in: a `subprocess.Popen`, or one that was forked."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


class Child:
    """One process that grades, and a folder for what it does; a context manager.

    Args:
        server: what it is forked from, which is cheaper; without, it is a fresh interpreter.
    """

    def __init__(self, server: Forkserver | None = None) -> None:
        self.work = Path(tempfile.mkdtemp(prefix="tinygrade-"))
        words, told = os.pipe(), os.pipe()
        self._words = os.fdopen(words[1], "w", encoding="utf-8")
        self._told = os.fdopen(told[0], encoding="utf-8")
        try:
            self.process = self._started(server, words[0], told[1])
        except BaseException:
            self._forget()
            raise
        finally:
            os.close(words[0])
            os.close(told[1])

    def _started(self, server: Forkserver | None, stdin: int, told: int) -> Process:
        here = self.work / "empty"
        here.mkdir(mode=0o700)
        with open(self.work / "stderr.txt", "wb") as stderr:
            if server is not None:
                return server.fork(here, [stdin, told, stderr.fileno()])
            return _fresh(here, stdin, told, stderr)

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def closed_on_error(self) -> Iterator[Child]:
        """Whoever begins with it and is interrupted leaves nothing behind."""
        try:
            yield self
        except BaseException:
            self.close()
            raise

    def tell(self, message: dict[str, Any]) -> None:
        """Give it its job, or a word that it waits for."""
        with contextlib.suppress(BrokenPipeError):  # it has ended already, and told why
            self._words.write(json.dumps(message) + "\n")
            self._words.flush()

    def events(self) -> Iterator[Event]:
        """What it tells, until it ends."""
        for line in self._told:
            yield events.from_json(json.loads(line))

    def report(self, on_event: Callable[[Event], None]) -> Report:
        """What came of it.

        Raises:
            UserError: submission, course or assignment cannot be read, or nothing was selected.
            RefusedError: the run was refused, or its report is incomplete.
            GraderError: our fault.
        """
        for event in self.events():
            on_event(event)
            if isinstance(event, Finished):
                return event.report
            if isinstance(event, Stopped):
                raise self.error(event)
        raise self.died()

    def error(self, event: Stopped) -> TinygradeError:
        """What stopped it."""
        kind = getattr(errors, event.error, GraderError)
        if issubclass(kind, GraderError):
            return GraderError(f"{event.message}\n{self._log()}")
        found: TinygradeError = kind(event.message)
        return found

    def died(self) -> GraderError:
        """It ended, and told nothing."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(GRACE_SECONDS)  # so that the code is its own
        self._end()
        return GraderError(f"the grading ended without a report (code {self.process.poll()})\n{self._log()}")

    def _log(self) -> str:
        """The end of what it wrote to standard error."""
        return (self.work / "stderr.txt").read_text(encoding="utf-8", errors="replace")[-8000:]

    def let_end(self) -> None:
        """Tell it that there is nothing more, and wait until it has ended by itself."""
        with contextlib.suppress(BrokenPipeError):
            self._words.close()
        for _ in self.events():
            pass

    def close(self) -> None:
        """End it, whatever it does, and remove its folder. May be called twice."""
        try:
            self._end()
        finally:
            self._forget()

    def _end(self) -> None:
        """It takes zygote and workers with it, because each dies with its parent."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _forget(self) -> None:
        self._told.close()
        with contextlib.suppress(BrokenPipeError):
            self._words.close()
        shutil.rmtree(self.work, ignore_errors=True)


class Living:
    """The processes of gradings in several threads: whoever gives up leaves none behind."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._processes: set[Process] = set()
        self._stopped = False

    def add(self, process: Process) -> None:
        """Remember it, or end it where all have been ended already."""
        with self._lock:
            self._processes.add(process)
            if self._stopped:
                process.terminate()

    def remove(self, process: Process) -> None:
        """It has ended."""
        with self._lock:
            self._processes.discard(process)

    def stop(self) -> None:
        """End all, also those that come later. One that has ended already takes no harm."""
        with self._lock:
            self._stopped = True
            for process in self._processes:
                process.terminate()


def _fresh(here: Path, stdin: int, told: int, stderr: IO[bytes]) -> subprocess.Popen[bytes]:
    os.set_inheritable(told, True)
    return subprocess.Popen(
        command(ENTRY, str(told), str(os.getpid())),
        stdin=stdin,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        cwd=here,
        env=environment(),
        pass_fds=() if os.name == "nt" else (told,),
        start_new_session=True,
    )
