"""Strings to train on: the seed's, or one a line from a file."""

from __future__ import annotations

from pathlib import Path

from tinygrade import UsageError, textfile

from ..strings import CASES, MAX_LEN, SEED_STRINGS, VOCABULARY

LONGEST = MAX_LEN - 1
MOST_STRINGS = 2_000
MOST_BYTES = 1 << 20
_CHARACTERS = frozenset(VOCABULARY[1:])
_KNOWN = "0-9 and A-T"


def strings_for(file: Path | None) -> tuple[str, ...]:
    """The seed's 21 strings, or those of the file."""
    return SEED_STRINGS if file is None else read_strings(file)


def cases_of(strings: tuple[str, ...]) -> tuple[str, ...]:
    """The strings whose predictions are shown: the seed's fifteen, or the first fifteen that can be predicted."""
    if strings == SEED_STRINGS:
        return CASES
    return tuple(dict.fromkeys(string for string in strings if len(string) > 1))[:15]


def read_strings(file: Path) -> tuple[str, ...]:
    """The lines of a file, without those that are empty or begin with #. A line that stands twice counts twice.

    Raises:
        UsageError: the file cannot be read, or a line cannot be trained on; the message names the line.
    """
    lines = textfile.read(file, "list of strings", MOST_BYTES).splitlines()
    kept = [(number, line.strip()) for number, line in enumerate(lines, 1)]
    kept = [(number, string) for number, string in kept if string and not string.startswith("#")]
    for number, string in kept:
        if problem := _problem(string):
            raise UsageError(f"{file}:{number}: {problem}")
    strings = tuple(string for _, string in kept)
    if not any(len(string) > 1 for string in strings):
        raise UsageError(f"{file}: holds no string of two or more characters; write one a line, such as ABCD")
    if len(strings) > MOST_STRINGS:
        raise UsageError(f"{file}: holds {len(strings):,} strings, more than {MOST_STRINGS:,}")
    return strings


def _problem(string: str) -> str:
    if unknown := sorted(set(string) - _CHARACTERS):
        listed = " ".join(repr(char) for char in unknown[:5])
        capitals = "; write it in capitals" if set(string.upper()) <= _CHARACTERS else ""
        return f"{string[:20]!r} holds {listed}; the characters are {_KNOWN}{capitals}"
    if len(string) > LONGEST:
        return f"{string[:20]!r} has {len(string)} characters; the model reads {LONGEST} and an end"
    return ""
