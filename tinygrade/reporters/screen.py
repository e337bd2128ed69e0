"""Lines on a screen: in colour where there is one, as plain text in a pipe or a CI log, and never steered by a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from tinygrade.reporters.lines import Line
from tinygrade.text import for_terminal, without_commands

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


def console(stream: TextIO, width: int) -> Console:
    """A console that shows what it is given: no markup, no wrapping of its own."""
    from rich.console import Console

    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False, soft_wrap=True)


def show(place: Console, lines: Sequence[Line]) -> None:
    for line in lines:
        place.print(styled(line, place.file), soft_wrap=True)


def styled(line: Line, stream: object) -> Text:
    """`line` as rich prints it, in characters that `stream` has."""
    from rich.text import Text

    # The blocks clean what they quote; this is the sink, which trusts nobody.
    safe = without_commands("".join(char for char in line.text.rstrip() if char.isprintable()))
    text = Text(for_terminal(safe, getattr(stream, "encoding", None)))
    if line.style:
        text.stylize(line.style, 0, line.styled or len(text))
    return text
