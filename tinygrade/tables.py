"""Check a TOML table against a description of it: no key unknown, none missing, every value of its kind.

What stands in which table is not known here; `config` knows.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from tinygrade.errors import CourseError, did_you_mean

#: No honest course file comes near this; a larger one is a wrong file.
MAX_BYTES = 1024 * 1024
#: No point, second or size comes near this either.
LARGEST = 10**9


# ---- kinds of values -------------------------------------------------------------------------------


def is_text(value: Any) -> bool:
    """One line that says something."""
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


def is_name(value: Any) -> bool:
    return isinstance(value, str) and value.isidentifier()


def is_file_name(value: Any) -> bool:
    """The relative path of a Python file that stays below its folder."""
    return is_relative(value) and str(value).endswith(".py")


def is_number(value: Any) -> bool:
    # a comparison, because math.isfinite fails on a whole number of 400 digits
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST


def is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST


def is_day(value: Any) -> bool:
    # a date with a time is a subclass of a date
    return type(value) is date


def list_of(test: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Lists without duplicates whose items all pass `test`."""

    def is_list(value: Any) -> bool:
        return isinstance(value, list) and all(map(test, value)) and len(set(value)) == len(value)

    return is_list


def is_shape(value: Any) -> bool:
    return isinstance(value, list) and all(map(is_count, value))


def is_relative(value: Any) -> bool:
    """A path, or a pattern of paths, that stays below its folder."""
    return is_text(value) and "\\" not in value and not value.startswith("/") and ".." not in value.split("/")


@dataclass(frozen=True)
class Key:
    """What one key of a table may hold."""

    test: Callable[[Any], bool]
    #: Completes the sentence "`key` must be ...".
    words: str
    required: bool = False


def choice(options: Iterable[str]) -> Key:
    known = tuple(options)
    return Key(lambda value: value in known, "one of " + ", ".join(f'"{option}"' for option in known))


# ---- tables and files ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where a table stands: the file, and the dotted key of the table in it."""

    file: Path
    table: str = ""

    def error(self, key: str, problem: str) -> CourseError:
        where = f"{self.table}.{key}" if self.table and key else self.table or key
        return CourseError(f"{self.file}: `{where}` {problem}")


def checked(place: Place, table: Mapping[str, Any], keys: Mapping[str, Key]) -> dict[str, Any]:
    """The values of `table`, which holds only `keys` and all that are required."""
    for key in table:
        if key not in keys:
            hint = did_you_mean(key, keys) or f" here; known are: {', '.join(keys)}"
            raise place.error(key, f"is not a known key{hint}")
    for key, expected in keys.items():
        if key not in table and expected.required:
            raise place.error(key, f"is missing; it must be {expected.words}")
        if key in table and not expected.test(table[key]):
            raise place.error(key, f"must be {expected.words}, not {_shown(table[key])}")
    return dict(table)


def _shown(value: Any) -> str:
    text = "a table" if isinstance(value, dict) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def read(file: Path) -> dict[str, Any]:
    """The TOML table of a file that is there, is not huge, and says something."""
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
        table = tomllib.loads(raw.decode("utf-8-sig")) if len(raw) <= MAX_BYTES else None
    except OSError as error:
        raise CourseError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CourseError(f"{file}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise CourseError(f"{file}: is not valid TOML: {str(error) or 'too deeply nested'}") from error
    if table is None:
        raise CourseError(f"{file}: is larger than 1 MiB; that cannot be meant")
    if not table:
        raise CourseError(f"{file}: is empty")
    return table
