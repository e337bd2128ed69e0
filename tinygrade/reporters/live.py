"""The view of a running grading: the same lines as the finished report, printed as they become known.

In a terminal the check that runs, or the training run with its curve, stands below them in a line that is
redrawn. In a pipe or a CI log nothing is redrawn: there is one line per group as it ends, and no control
character.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, TextIO

from tinygrade.events import CheckFinished, CheckStarted, Event, Finished, Progress, Started, Swapped
from tinygrade.model import CheckResult, Report, Swap
from tinygrade.reporters import advice, blocks, screen
from tinygrade.reporters.base import SectionText, no_sections
from tinygrade.reporters.lines import Line
from tinygrade.reporters.status import Now, status_line
from tinygrade.reporters.terminal import tail, terminal_width
from tinygrade.reporters.words import grouped

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text


@dataclass(frozen=True)
class Headline:
    """What is known of a run before it starts."""

    assignment: str
    title: str
    commands: advice.Commands


class LiveView:
    """Shows the events of one grading on `stream`; a context manager, so that the terminal is left in order."""

    def __init__(
        self,
        stream: TextIO,
        headline: Headline,
        section_text: SectionText = no_sections,
        instructor: bool = False,
        width: int | None = None,
        before: Mapping[str, CheckResult] = MappingProxyType({}),
    ) -> None:
        """`instructor` shows hidden checks in full; `width` is the terminal's when it is left out.

        Checks that somebody waits for are told one by one as well, with what they were `before`.
        """
        self._stream = stream
        self._headline = headline
        self._section_text = section_text
        self._instructor = instructor
        self._width = width or terminal_width()
        self._console = screen.console(stream, self._width)
        self._now = Now()
        self._live: Live | None = None
        self._titles: dict[str, str] = {}
        self._done: list[CheckResult] = []
        self._swaps: tuple[Swap, ...] = ()
        self._before = before
        self._first: frozenset[str] = frozenset()
        #: True as soon as there is a run that could be repeated.
        self.started = False

    # ---- life of the view ----

    def __enter__(self) -> LiveView:
        if can_redraw(self._console, self._stream):
            from rich.live import Live

            self._live = Live(console=self._console, get_renderable=self._status, transient=True, refresh_per_second=8)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            self._now = Now()
            live.stop()

    # ---- events ----

    def handle(self, event: Event) -> None:
        """Show what `event` tells."""
        match event:
            case Started():
                self._start(event)
            case Swapped(found):
                self._print(blocks.swaps([swap for swap in found if swap not in self._swaps], self._width))
                self._swaps = found
            case CheckStarted(id):
                self._now = self._now.running(id, self._titles.get(id, ""))
            case Progress(_, data):
                self._now = self._now.progressed(data)
            case CheckFinished(result):
                self._finish_check(result)
            case Finished(report):
                self._finish(report)

    def _start(self, event: Started) -> None:
        self.started = True
        self._titles = dict(event.checks)
        self._first = frozenset(event.first)
        self._now = Now(total=len(event.checks))
        head = self._headline
        self._print(blocks.title(head.assignment, head.title, head.commands.seed, self._width))
        self._print(blocks.surroundings(event.isolation, event.environment, self._width, event.reference))

    def _finish_check(self, result: CheckResult) -> None:
        shown = result if self._instructor else _as_shown(result)
        self._done.append(shown)
        self._now = self._now.finished()
        if result.id in self._first and not self._is_known(shown):
            self._print(blocks.verdict(shown, self._before.get(result.id), self._width))
        members = grouped(self._done)[result.group]
        if len(members) == sum(title == result.group for title in self._titles.values()):
            self._print(self._group(result.group, members))

    def _is_known(self, check: CheckResult) -> bool:
        """Is it what another one has told already: a file that cannot be imported?"""
        others = {other.message for other in self._done[:-1] if other.status == check.status}
        return check.status == "blocked" and check.message in others

    def _group(self, title: str, members: Sequence[CheckResult]) -> list[Line]:
        order = list(dict.fromkeys(self._titles.values()))
        return blocks.group(order.index(title) + 1, members, blocks.title_width(order), self._width)

    def _finish(self, report: Report) -> None:
        self._stop()
        seen = report if self._instructor else report.student_view()
        self._print(tail(seen, self._headline.commands, self._section_text, self._width))

    # ---- output ----

    def note(self, lines: Sequence[str]) -> None:
        """Lines of the command's own, below the report."""
        self._print([Line(""), *map(Line, lines)] if lines else [])

    def close(self) -> None:
        """The last line of a run, however it ended."""
        self._stop()
        self._print(advice.repeat(self._headline.commands))

    def _print(self, lines: Sequence[Line]) -> None:
        screen.show(self._console, lines)

    def _status(self) -> Text:
        line = screen.styled(Line(status_line(self._now, self._width - 1), "dim"), self._stream)
        line.no_wrap, line.overflow = True, "crop"
        return line


def _as_shown(check: CheckResult) -> CheckResult:
    """What a student may see of a check while the run goes on: of a hidden one, what is named here."""
    if check.visibility == "visible":
        return check
    return CheckResult(
        id=check.id,
        title=check.title,
        group=check.group,
        status=check.status,
        points=check.points,
        max_points=check.max_points,
        visibility="hidden",
    )


def can_redraw(console: Console, stream: Any) -> bool:
    # FORCE_COLOR makes rich take a pipe for a terminal; colours do no harm there, redrawing would.
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty() and console.is_interactive and not console.is_dumb_terminal)
