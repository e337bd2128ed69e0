"""Lines of a terminal: text with one coloured beginning, wrapped by the columns that it takes.

Colour only adds; the text alone says everything. Lines are data, so that the live view, the stored report and
the tests show the same ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tinygrade.text import cells, clean, without_commands

#: A terminal narrower than this is treated as this wide.
MINIMUM_WIDTH = 40


@dataclass(frozen=True)
class Line:
    text: str
    #: A style of rich for the first `styled` characters, or for all of them when `styled` is 0.
    style: str = ""
    styled: int = 0


def to_text(lines: Iterable[Line]) -> str:
    """The lines without their colours."""
    return "".join(f"{without_commands(line.text.rstrip())}\n" for line in lines)


def wrapped(text: str, width: int, first: str = "", rest: str | None = None, style: str = "") -> list[Line]:
    """Untrusted `text` at most `width` columns wide: each of its lines, wrapped where it is too long.

    `first` stands before the first line and `rest` before all others.
    """
    rest = first if rest is None else rest
    lines: list[Line] = []
    for text_line in clean(text).splitlines():
        start = rest if lines else first
        head, *others = fold(text_line, _room(width, start))
        if others and start != rest:  # what follows the first line has another width
            others = fold(text_line[len(head) :].lstrip(), _room(width, rest))
        lines += [Line(start + head, style), *(Line(rest + other, style) for other in others)]
    return lines


def _room(width: int, prefix: str) -> int:
    return max(width - cells(prefix), 10)


def fold(line: str, room: int) -> list[str]:
    """`line` in pieces of at most `room` columns, at spaces where there are any; continuations keep its indent."""
    if cells(line) <= room:
        return [line.rstrip()]
    indent = line[: min(len(line) - len(line.lstrip()), room // 2)]
    pieces, current = [], ""
    for word in _words(line, room - len(indent)):
        if current.strip() and cells(current) + cells(word.rstrip()) > room:
            pieces.append(current.rstrip())
            current = indent + word.lstrip()
        else:
            current += word
    return [*pieces, current.rstrip()] if current.strip() or not pieces else pieces


def _words(line: str, room: int) -> Iterable[str]:
    """The words with the spaces behind them; words that do not fit into `room` columns are cut."""
    word = ""
    for char in line:
        starts_word = word.endswith(" ") and char != " "
        if word.strip() and (starts_word or cells(word.rstrip() + char) > room and char != " "):
            yield word
            word = ""
        word += char
    yield word


def shortened(text: str, room: int) -> str:
    """One line of at most `room` columns, for places that are redrawn and not for ones that explain."""
    if cells(text) <= room:
        return text
    while text and cells(text) > room - 3:
        text = text[:-1]
    return text + "..."


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Rows as aligned columns; the columns whose numbers are in `right` are aligned to the right."""
    columns = range(max((len(row) for row in rows), default=0))
    widths = [max((cells(row[c]) for row in rows if c < len(row)), default=0) for c in columns]
    return ["  ".join(_cell(row[c], widths[c], c in right) for c in range(len(row))).rstrip() for row in rows]


def _cell(text: str, width: int, right: bool) -> str:
    space = " " * (width - cells(text))
    return space + text if right else text + space
