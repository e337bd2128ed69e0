"""`tinygrade check --watch`: checked again whenever a file is saved, what was saved first.

The next grading is started beforehand and waits with everything loaded, so that a save waits for its checks alone.
Files are looked at by their times: a package is a few small files, and no library does it faster.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from tinygrade.cli.guard import say, terminable
from tinygrade.cli.options import seed_for
from tinygrade.cli.running import Cut, grade_and_show, job_of
from tinygrade.errors import GraderError, UsageError, UserError
from tinygrade.text import clean_line, for_terminal

if TYPE_CHECKING:
    from tinygrade.events import Event
    from tinygrade.grading.forkserver import Forkserver
    from tinygrade.grading.run import Job
    from tinygrade.grading.waiting import Waiting
    from tinygrade.model import Assignment, Report

#: A save is seen after this time, and believed when nothing more has changed after as much again.
POLL_SECONDS = 0.03
#: By file, when it was written and how long it is.
State = Mapping[Path, tuple[int, int]]


def watch(ctx: click.Context, assignment: Assignment, source: str) -> NoReturn:
    """Check, and check again after each save, until interrupted.

    Raises:
        UsageError: there is nothing on this machine to watch.
        TinygradeError: the first run had no report; later ones are told, and watched on.
    """
    place = Path(source)
    if not place.exists():
        raise UsageError(f"--watch needs a folder or a file on this machine, and {source} is none")
    ctx.params["seed"] = seed_for(assignment, ctx.params["seed"])  # the same inputs every time
    with terminable(), contextlib.closing(_Watch(ctx, assignment, place)) as watching:
        watching.run()


@dataclass(frozen=True)
class _Turn:
    """One run of a watch."""

    report: Callable[[Callable[[Event], None]], Report]
    close: Callable[[], None]


class _Watch:
    def __init__(self, ctx: click.Context, assignment: Assignment, place: Path) -> None:
        self._ctx = ctx
        self._assignment = assignment
        self._place = place
        package = place / assignment.course.package
        self._folder = package if package.is_dir() else place
        self._server: Forkserver | None = None
        self._ready: Waiting | None = None
        #: The files and the report of the last run that came to its end.
        self._judged: State = {}
        self._report: Report | None = None

    def run(self) -> NoReturn:
        from tinygrade.grading.forkserver import started

        state = self._state()
        while True:
            try:
                self._check(state)
            except Cut:
                pass
            except UserError as error:
                if self._report is None:
                    raise
                say(f"tinygrade: {error}")
            self._server = self._server or started()
            self._prepare()
            state = self._saved(state)
            self._announce(state)

    def close(self) -> None:
        if self._ready is not None:
            self._ready.close()
        if self._server is not None:
            self._server.close()

    # ---- files ----

    def _state(self) -> State:
        """The files of the package as they are now, and those of the checks, for whoever writes some."""
        checks = [self._assignment.root / group.file for group in self._assignment.groups]
        return {path: facts for root in (self._folder, *checks) for path, facts in _files(root)}

    def _saved(self, before: State) -> State:
        """Wait until something is other than in `before`, and give what is there when it rests."""
        state = before
        while True:
            time.sleep(POLL_SECONDS)
            now = self._state()
            if now == state != before:
                return now
            state = now

    def _changed(self, state: State) -> list[Path]:
        return sorted(path for path in {*state, *self._judged} if state.get(path) != self._judged.get(path))

    # ---- one run ----

    def _check(self, state: State) -> None:
        from tinygrade.grading.waiting import Waiting

        def start(job: Job) -> _Turn:
            self._ready = self._ready or Waiting(job)
            return _Turn(partial(self._graded, self._ready, state), self._ready.close)

        before = {check.id: check for check in self._report.checks} if self._report else {}
        grade_and_show(self._ctx, self._assignment, str(self._place), self._told, start, before)
        self._judged = state

    def _told(self, report: Report) -> list[str]:
        self._report = report
        return [f"watching {self._folder}: what you save is checked at once; Ctrl-C ends this"]

    def _prepare(self) -> None:
        from tinygrade.grading.waiting import Waiting

        if self._ready is not None:
            self._ready.close()
        self._ready = Waiting(job_of(self._ctx.params, self._assignment, str(self._place), self._ctx.obj), self._server)

    def _graded(self, ready: Waiting, state: State, on_event: Callable[[Event], None]) -> Report:
        changed = self._changed(state) if self._report else []
        smoke = self._report is None or not self._is_settled(changed)
        with self._cutting(ready, state) as was_cut:
            try:
                return ready.grade([*map(self._module, changed)], smoke, on_event)
            except GraderError:
                if was_cut():
                    raise Cut from None
                raise

    def _is_settled(self, changed: list[Path]) -> bool:
        """Were the earlier assignments the student's own, and is none of their files among the changed ones?"""
        assert self._report is not None
        own = {self._folder / file for file in self._assignment.files}
        return all(swap.source == "own" and not swap.reason for swap in self._report.swaps) and own >= {*changed}

    def _module(self, path: Path) -> str:
        try:
            return ".".join(path.relative_to(self._folder).with_suffix("").parts)
        except ValueError:  # a file of checks
            return ""

    @contextlib.contextmanager
    def _cutting(self, ready: Waiting, state: State) -> Iterator[Callable[[], bool]]:
        """End the grading when a file is saved while it runs."""
        over, cut = threading.Event(), threading.Event()

        def look() -> None:
            while not over.wait(POLL_SECONDS):
                if self._state() != state:
                    cut.set()
                    ready.process.terminate()
                    return

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        try:
            yield cut.is_set
        finally:
            over.set()
            thread.join()

    # ---- output ----

    def _announce(self, state: State) -> None:
        """A clear screen, or a line where nothing can be cleared."""
        names = ", ".join(str(path.relative_to(path.parents[1])) for path in self._changed(state)) or "a file"
        click.clear()
        click.echo(for_terminal(clean_line(f"saved: {names}"), sys.stdout.encoding))


def _files(root: Path) -> Iterator[tuple[Path, tuple[int, int]]]:
    """The sources below a folder, or the file itself, with what changes when they are saved."""
    with contextlib.suppress(OSError):  # it is being replaced: the next look sees what came of it
        if not root.is_dir():
            facts = root.stat()
            yield root, (facts.st_mtime_ns, facts.st_size)
            return
        for entry in os.scandir(root):
            if entry.is_dir() and not entry.name.startswith((".", "__pycache__")):
                yield from _files(Path(entry.path))
            elif entry.name.endswith(".py"):
                facts = entry.stat()
                yield Path(entry.path), (facts.st_mtime_ns, facts.st_size)
