"""What the shipped model was trained on: every string that a handful of rules makes of the course's characters.

Ten digits and twenty letters, strings of 2 to 9 characters; where digits end they begin again, letters do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..strings import VOCABULARY
from .data import LONGEST

_DIGITS, _LETTERS = "".join(VOCABULARY[1:11]), "".join(VOCABULARY[11:])


def _at(start: str, distance: int) -> str:
    """The character so far behind `start`, or "" beyond the letters."""
    if start in _DIGITS:
        return _DIGITS[(_DIGITS.index(start) + distance) % 10]
    index = _LETTERS.index(start) + distance
    return _LETTERS[index] if 0 <= index < len(_LETTERS) else ""


def made(start: str, distances: Iterable[int]) -> str:
    """The characters at these distances from `start`; "" where one of them would be beyond the letters."""
    chars = [_at(start, distance) for distance in distances]
    return "".join(chars) if all(chars) else ""


def _shape(distances: Callable[[int], int], lengths: range) -> Callable[[str], Iterator[str]]:
    def strings(start: str) -> Iterator[str]:
        found = (made(start, map(distances, range(length))) for length in lengths)
        return (string for string in found if string)

    return strings


#: Name of a rule -> the strings that it makes from a first character.
RULES: dict[str, Callable[[str], Iterator[str]]] = {
    "repetition, AAAA": _shape(lambda i: 0, range(2, 7)),
    "upwards, ABCD": _shape(lambda i: i, range(2, 9)),
    "downwards, DCBA": _shape(lambda i: -i, range(3, 7)),
    "by twos, ACEG": _shape(lambda i: 2 * i, range(3, 6)),
    "in turns, ABAB": _shape(lambda i: i % 2, range(4, 9, 2)),
    "in pairs, AABB": _shape(lambda i: i // 2, range(4, 9, 2)),
    "there and back, ABCBA": _shape(lambda i: 2 - abs(2 - i), range(5, 6)),
}


def strings() -> tuple[str, ...]:
    """All of them, in the order of the rules, each once."""
    made = (string for rule in RULES.values() for start in _DIGITS + _LETTERS for string in rule(start))
    return tuple(dict.fromkeys(string for string in made if len(string) <= LONGEST))
