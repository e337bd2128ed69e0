"""The strings that the model learns, and how they become arrays of character ids.

The first 21 are those of the seed's experiment (TinyTorch milestone 05, 2025-10-30), in its order. Each
graded run adds six fresh ones, so that weights trained beforehand cannot know all of the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

Category = Literal["repetition", "short", "alphabet", "number"]
CATEGORIES: tuple[Category, ...] = ("repetition", "alphabet", "number", "short")

SEED_STRINGS: tuple[str, ...] = (
    *("AAAA", "BBBB", "CCCC", "1111", "2222"),
    *("ABCD", "EFGH", "IJKL", "MNOP", "QRST"),
    *("1234", "5678", "9012"),
    *("AB", "CD", "EF", "GH"),
    *("12", "34", "56", "78"),
)
#: The 15 cases of the seed's prediction test.
CASES: tuple[str, ...] = SEED_STRINGS[:15]

MAX_LEN = 10
#: Id 0, both the end mark and the padding; written "" where a character is expected.
END = ""
_DIGITS = "0123456789"
_LETTERS = "ABCDEFGHIJKLMNOPQRST"
#: Character of each id: the end mark, then the characters by code point.
VOCABULARY: tuple[str, ...] = (END, *_DIGITS, *_LETTERS)
_ID = {char: i for i, char in enumerate(VOCABULARY)}

_LONG, _SHORT = 4, 2
FRESH_COUNT = 6


def encode(strings: Sequence[str], max_len: int = MAX_LEN) -> np.ndarray:
    """Character ids, padded on the right with 0: (N, max_len) int64.

    Each string leaves room for its end mark, which is a target like any other.
    """
    return np.array([_ids(string, max_len) for string in strings], dtype=np.int64).reshape(len(strings), max_len)


def _ids(string: str, length: int) -> list[int]:
    if not 0 < len(string) < length:
        raise ValueError(f"{string!r} needs 1 to {length - 1} characters")
    if unknown := [char for char in string if char not in _ID]:
        raise ValueError(f"{string!r} has characters outside the vocabulary: {unknown}")
    return [_ID[char] for char in [*string, *[END] * (length - len(string))]]


def inputs_and_targets(strings: Sequence[str], max_len: int = MAX_LEN) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and the ids that follow them, (N, max_len - 1) int64 each."""
    tokens = encode(strings, max_len)
    return np.delete(tokens, -1, axis=1), np.delete(tokens, 0, axis=1)


def category(string: str) -> Category:
    """The kind of a string, as the seed's experiment groups them."""
    if len(string) > 1 and len(set(string)) == 1:
        return "repetition"
    if len(string) == _SHORT:
        return "short"
    return "number" if string[0] in _DIGITS else "alphabet"


def run_of(start: str, length: int) -> str | None:
    """The characters that follow one another from `start`; 9 is followed by 0, T by nothing."""
    if start in _DIGITS:
        first = _DIGITS.index(start)
        return "".join(_DIGITS[(first + i) % 10] for i in range(length))
    first = _LETTERS.index(start)
    run = _LETTERS[first : first + length]
    return run if len(run) == length else None


def fresh_choices(start: str) -> tuple[str, ...]:
    """What a fresh string that starts with this character may be: a repetition, a long or a short run.

    Empty when the character starts one of the seed's strings, or when the vocabulary ends too early for one
    of the three: a start whose continuation can be foreseen proves nothing.
    """
    long, short = run_of(start, _LONG), run_of(start, _SHORT)
    if any(string[0] == start for string in SEED_STRINGS) or long is None or short is None:
        return ()
    return (start * _LONG, long, short)


#: 0 4 6 8 and D F H J K L N O P.
FRESH_STARTS: tuple[str, ...] = tuple(char for char in _DIGITS + _LETTERS if fresh_choices(char))


def fresh_strings(rng: np.random.Generator) -> list[str]:
    """Six strings of the seed's kinds, each starting with a character that starts no other string.

    Two of each shape (repetition, long run, short run), dealt at random to six random starts. Unique starts
    leave the entropy, the ties and the ceiling of the data as they are. Whoever has to guess the shapes
    beforehand is right for one string in three on average, and for all six in one run of 400 at best.
    """
    starts = rng.choice(len(FRESH_STARTS), size=FRESH_COUNT, replace=False)
    shapes = rng.permutation(FRESH_COUNT) % 3
    return [fresh_choices(FRESH_STARTS[start])[shape] for start, shape in zip(starts, shapes, strict=True)]
