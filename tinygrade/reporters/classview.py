"""How far the grading of a class is: a few lines that are redrawn in a terminal, one per submission in a log."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from tinygrade.executor import Outcome, Task
from tinygrade.reporters import screen
from tinygrade.reporters.lines import Line, shortened
from tinygrade.reporters.live import can_redraw
from tinygrade.reporters.terminal import terminal_width
from tinygrade.text import clean_line

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

#: So many of the running and of the slowest are named.
NAMED = 3
#: In a log, reading many submissions is told this often.
READ_EVERY = 500
NAME_WIDTH = 24


class ClassView:
    """A context manager, so that the terminal is left in order; `started` may be called from any thread."""

    def __init__(self, stream: TextIO, width: int | None = None) -> None:
        self._stream = stream
        self._width = width or terminal_width()
        self._console = screen.console(stream, self._width)
        self._lock = threading.Lock()
        self._live: Live | None = None
        self._reading = ""
        self._running: dict[str, float] = {}
        self._slowest: list[tuple[float, str]] = []
        self._total = self._todo = self._done = self._failed = 0
        self._begin = 0.0

    def __enter__(self) -> ClassView:
        if can_redraw(self._console, self._stream):
            from rich.live import Live

            self._live = Live(console=self._console, get_renderable=self._status, transient=True, refresh_per_second=4)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    # ---- what happens ------------------------------------------------------------------------------

    def read(self, done: int, total: int) -> None:
        """So many submissions were looked at."""
        self._reading = f"reading submissions: {done} of {total}"
        if self._live is None and done % READ_EVERY == 0 and done < total:
            self.note([Line(self._reading)])

    def planned(self, total: int, kept: int) -> None:
        """It is known what has to be graded."""
        self._reading = ""
        self._total, self._todo, self._begin = total, total - kept, time.monotonic()
        kept_text = f", {kept} of them graded already" if kept else ""
        self.note([Line(f"{total} submission{'' if total == 1 else 's'}{kept_text}")])

    def started(self, task: Task) -> None:
        with self._lock:
            self._running[task.student] = time.monotonic()

    def finished(self, outcome: Outcome) -> None:
        with self._lock:
            self._running.pop(outcome.task.student, None)
            self._done += 1
            self._failed += outcome.kind != "complete"
            self._slowest = sorted([*self._slowest, (outcome.seconds, outcome.task.student)], reverse=True)[:NAMED]
        if self._live is None or outcome.kind != "complete":
            self.note([self._line(outcome)])

    def note(self, lines: Sequence[Line]) -> None:
        """Lines that stay."""
        screen.show(self._console, lines)

    # ---- how it looks --------------------------------------------------------------------------------

    def _line(self, outcome: Outcome) -> Line:
        place = f"[{self._done:>{len(str(self._todo))}}/{self._todo}]"
        name = shortened(clean_line(outcome.task.student), NAME_WIDTH)
        if outcome.kind == "complete" and outcome.report is not None:
            score = f"{outcome.report.score:g}/{outcome.report.max_score:g}"
            return Line(f"{place} {name:<{NAME_WIDTH}} {score:>10} {outcome.seconds:7.1f} s")
        return Line(
            f"{place} {name:<{NAME_WIDTH}} {outcome.kind.upper()}: {clean_line(outcome.problem, 400)}", "yellow"
        )

    def _status(self) -> Text:
        from rich.text import Text

        lines = [self._reading] if self._reading else self._progress()
        return Text("\n").join(self._cropped(line) for line in lines)

    def _progress(self) -> list[str]:
        with self._lock:
            running = sorted(self._running.items(), key=lambda item: item[1])
            slowest = list(self._slowest)
        if not self._todo:
            return []
        now = time.monotonic()
        failed = f"   {self._failed} not graded" if self._failed else ""
        head = f"{self._done} of {self._todo} done   {len(running)} running{failed}   {self._left(now)}"
        bar = _bar(self._done / self._todo, max(10, self._width - len(head) - 4))
        shown = [f"{clean_line(name, NAME_WIDTH)} {now - since:.0f} s" for name, since in running[:NAMED]]
        slow = [f"{clean_line(name, NAME_WIDTH)} {seconds:.0f} s" for seconds, name in slowest]
        lines = [f"{bar}  {head}", f"running   {', '.join(shown) or '-'}"]
        return [*lines, f"slowest   {', '.join(slow)}"] if slow else lines

    def _left(self, now: float) -> str:
        """Time left, from what was graded so far."""
        if self._done < 2:
            return "time left: not known yet"
        seconds = (now - self._begin) / self._done * (self._todo - self._done)
        if seconds < 90:
            return f"about {max(1, round(seconds))} s left"
        return f"about {round(seconds / 60)} min left" if seconds < 5400 else f"about {seconds / 3600:.1f} h left"

    def _cropped(self, line: str) -> Text:
        text = screen.styled(Line(line, "dim"), self._stream)
        text.no_wrap, text.overflow = True, "crop"
        text.truncate(self._width - 1)
        return text


def _bar(share: float, room: int) -> str:
    width = min(room, 30)
    full = round(share * width)
    return "█" * full + "▁" * (width - full)
