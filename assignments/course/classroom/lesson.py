"""What the lessons of `tinygrade train` share: the options, what is checked first, the view, what is written."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinygrade import UsageError
from tinygrade.cli.outputs import try_writing, write_file
from tinygrade.reporters.lines import Line

from . import plots, tables
from .exam import Exam
from .models import Size, parse_size
from .run import Run
from .view import Printer, View

DEFAULT_MINUTES = 5.0
#: Exit codes of runs that somebody ended.
ENDED = {"interrupted": 130, "terminated": 143}
STDOUT = Path("-")


@dataclass(frozen=True)
class Wishes:
    """The options of `train` as they were given; None where they were not."""

    submission: str | None = None
    model: str | None = None
    heads: int | None = None
    recipe: str | None = None
    data: Path | None = None
    minutes: float | None = None
    steps: int | None = None
    keep_going: bool = False
    pace: float | None = None
    lr: float | None = None
    batch: int | None = None
    seed: int | None = None
    start: str | None = None
    hybrid: bool = False
    save: Path | None = None
    json_file: Path | None = None
    plot: Path | None = None
    text: bool = False

    @property
    def size(self) -> Size:
        return parse_size(self.model or "ultra-tiny", self.heads or 2)

    @property
    def seconds(self) -> float:
        minutes = DEFAULT_MINUTES if self.minutes is None else self.minutes
        if not (math.isfinite(minutes) and minutes > 0):
            raise UsageError(f"--minutes {minutes:g}: nothing can be learned in that time")
        return 60.0 * minutes

    def check(self) -> None:
        """What would be noticed too late: nobody should train for five minutes and lose the result."""
        assert self.seconds
        for file in (self.save, self.json_file, self.plot):
            if file is not None and file != STDOUT:
                try_writing(file)
        if self.plot is not None:
            plots.require(self.plot)

    def refuse(self, *names: str, because: str) -> None:
        """Raise UsageError for options that would be ignored silently."""
        for name in names:
            if getattr(self, name) not in (None, False):
                option = {"start": "from", "json_file": "json"}.get(name, name.replace("_", "-"))
                raise UsageError(f"--{option} cannot be used {because}")


def watch(wishes: Wishes, exam: Exam, size: Size, how: str, go: Callable[[Run], None]) -> Run:
    """Let `go` train under a view, and show the tables of what came of it."""
    floor = f"entropy floor {exam.floor:.4f}"
    title = f"{size.name}, {size.parameters:,} parameters; {len(exam.strings)} strings, {floor}; {how}"
    with View(title, wishes.text, stream_of(wishes)) as view:
        watched = Run(exam, wishes.seconds, wishes.steps or 0, wishes.keep_going, wishes.pace or 0.0, view.show)
        go(watched)
    view.print([Line(""), *tables.report(watched, size, how)])
    return watched


def tell(wishes: Wishes, lines: list[Line]) -> None:
    """Lines of a command."""
    Printer(stream_of(wishes)).print(lines)


def stream_of(wishes: Wishes) -> Any:
    """Where people read: standard output, unless that is for a program."""
    return sys.stderr if wishes.json_file == STDOUT else sys.stdout


def finish(watched: Run, wishes: Wishes, facts: dict[str, Any], again: str) -> int:
    """Write the files, say how to repeat it, and give the exit code."""
    written = [str(file) for file in (wishes.save,) if file is not None]
    if wishes.json_file is not None:
        text = json.dumps({**facts, **watched.to_json()}, indent=1) + "\n"
        written += deliver(wishes.json_file, text)
    if wishes.plot is not None:
        write_file(wishes.plot, plots.curves({facts["model"]: [watched.curve]}, watched.exam.floor, wishes.plot.suffix))
        written.append(str(wishes.plot))
    lines = [Line(f"written: {', '.join(written)}")] if written else []
    tell(wishes, [*lines, Line(again)])
    return ENDED.get(watched.stopped, 0)


def deliver(file: Path, text: str) -> list[str]:
    """Write `text`, and the names of what was written."""
    if file == STDOUT:
        sys.stdout.write(text)
        return []
    write_file(file, text)
    return [str(file)]
