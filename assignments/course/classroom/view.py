"""Show a run while it goes on: redrawn in a terminal, a line now and then in a pipe."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.text import Text

from tinygrade.reporters import screen
from tinygrade.reporters.lines import Line
from tinygrade.text import clean, for_terminal, without_commands

from ..progression import MILESTONES
from . import picture
from .run import Run

#: Seconds between lines in a pipe where no milestone is passed.
QUIET = 15.0


class Printer:
    """Prints lines with their colours where there is a terminal, and harmless text anywhere."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._console = Console(file=self._stream, highlight=False, markup=False, emoji=False, soft_wrap=True)

    @property
    def redraws(self) -> bool:
        """Whether what stands there can be replaced: not in a pipe, a log, or a dumb terminal."""
        return bool(getattr(self._stream, "isatty", lambda: False)()) and not self._console.is_dumb_terminal

    def print(self, lines: Iterable[Line]) -> None:
        """One line each."""
        screen.show(self._console, list(lines))

    def _safe(self, text: str) -> str:
        return for_terminal(without_commands(clean(text)), getattr(self._stream, "encoding", None))


class View(Printer):
    """A context manager, so that the terminal is left in order.

    Args:
        title: what stands above the picture.
        plain: print lines even in a terminal.
    """

    def __init__(self, title: str, plain: bool, stream: Any) -> None:
        super().__init__(stream)
        self._title = title
        self._plain = plain or not self.redraws
        self._live: Live | None = None
        self._milestones = [0, *MILESTONES]
        self._told = time.monotonic()

    def __enter__(self) -> View:
        if self._plain:
            self.print([Line(self._title, "bold")])
        else:
            self._live = Live(console=self._console, auto_refresh=False, transient=True, vertical_overflow="crop")
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, run: Run) -> None:
        """The run as it is now."""
        if self._live is None:
            self._tell(run)
            return
        if run.stopped:
            return
        width, height = shutil.get_terminal_size()
        lines = picture.picture(run, self._title, width - 1, height - 1)
        self._live.update(Text("\n").join(map(self._pieces, lines)), refresh=True)

    def _tell(self, run: Run) -> None:
        passed = [step for step in self._milestones if step <= run.now.step]
        if passed or run.stopped or time.monotonic() - self._told > QUIET:
            self._milestones = self._milestones[len(passed) :]
            self._told = time.monotonic()
            self.print([Line(picture.state(run))])

    def _pieces(self, pieces: Sequence[picture.Piece]) -> Text:
        return Text.assemble(*((self._safe(text), style) for text, style in pieces), no_wrap=True, overflow="crop")
