"""Read a roster: a CSV file with a line per student, our own or one that a learning platform exports.

Nobody is guessed: a student without an identity, or one that stands there twice, is told with the line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tinygrade import textfile
from tinygrade.errors import UsageError
from tinygrade.text import clean_line

#: Longer ones are no names but an accident or an attack.
MAX_LENGTH = 200
MAX_BYTES = 32 << 20

#: For each layout: its name, the columns that tell it, and the columns of identity, name and email. The identity is
#: what `loaders.bulk` finds in a download: the platform's own number of a student at Canvas and Moodle, the student
#: id, else the address, at Gradescope.
_LAYOUTS = (
    ("Canvas", {"student", "id", "sis login id"}, "id", ("student",), "email"),
    ("Moodle", {"identifier", "full name"}, "identifier", ("full name",), "email address"),
    ("Gradescope", {"sid", "email"}, "sid", ("name", "full name", "first name", "last name"), "email"),
    ("tinygrade", {"student"}, "student", ("name",), "email"),
)
WANTED = "its first line must name a column `student` (also: name, email, source, submitted)"


@dataclass(frozen=True)
class Student:
    """One line of a roster."""

    key: str
    name: str = ""
    email: str = ""
    #: Where the submission lies, or "" when the roster does not say.
    source: str = ""
    #: When it was handed in: UTC, ISO 8601; "" when the roster does not say.
    submitted: str = ""
    #: All columns as they stand there.
    extra: Mapping[str, str] = field(default_factory=dict)


def read(file: Path) -> list[Student]:
    """The students in the order of the file.

    Raises:
        UsageError: it cannot be read, or a line is wrong; the message names the line.
    """
    found: dict[str, int] = {}
    students = []
    for line, row in _rows(file):
        student = _student(file, line, row)
        if student is None:
            continue
        if student.key in found:
            raise UsageError(f"{file}, line {line}: {_told(student.key)} is in line {found[student.key]}, too")
        found[student.key] = line
        students.append(student)
    if not students:
        raise UsageError(f"{file}: holds no student")
    return students


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    lines = textfile.read(file, "roster", MAX_BYTES).splitlines(keepends=True)
    dialect: type[csv.Dialect] = csv.excel
    if lines and lines[0].count(";") > lines[0].count(","):  # what a spreadsheet writes in much of Europe

        class Semicolons(csv.excel):
            delimiter = ";"

        dialect = Semicolons
    reader = csv.DictReader(lines, dialect=dialect, strict=True)
    try:
        for row in reader:
            if None in row:
                raise UsageError(f"{file}, line {reader.line_num}: has more cells than the first line has names")
            yield reader.line_num, {str(name).strip(): (cell or "").strip() for name, cell in row.items()}
    except csv.Error as error:
        raise UsageError(f"{file}, line {reader.line_num}: is not CSV: {error}") from error


def _student(file: Path, line: int, row: dict[str, str]) -> Student | None:
    cells = {name.casefold(): cell for name, cell in row.items()}
    if not any(cells.values()):
        return None
    layout = next((layout for layout in _LAYOUTS if layout[1] <= set(cells)), None)
    if layout is None:
        raise UsageError(f"{file}: {WANTED}; it names: {', '.join(map(_told, row)) or 'nothing'}")
    kind, _, identity, names, email = layout
    if kind == "Canvas" and _is_no_student(cells):
        return None
    key = re.sub(r"^Participant (?=\d+$)", "", cells[identity]) or (cells[email] if kind == "Gradescope" else "")
    if not key:
        raise UsageError(f"{file}, line {line}: the column `{identity}` is empty")
    if problem := problem_of_key(key):
        raise UsageError(f"{file}, line {line}: {_told(key)} {problem}")
    name = " ".join(cells[column] for column in names if cells.get(column))
    submitted = _time(file, line, cells.get("submitted", ""))
    return Student(key, clean_line(name, MAX_LENGTH), cells.get(email, ""), cells.get("source", ""), submitted, row)


def _is_no_student(cells: dict[str, str]) -> bool:
    """Canvas puts lines of its own below the first: possible points, and a made-up student for trying out."""
    return not cells["id"] and (cells["student"] == "" or "points possible" in cells["student"].casefold())


def problem_of_key(key: str) -> str:
    """Why `key` cannot be the identity of a student, or ""."""
    if len(key) > MAX_LENGTH:
        return f"is longer than {MAX_LENGTH} characters"
    if not key.isprintable() or key != key.strip():
        return "has characters that cannot be printed"
    return ""


def _told(text: str) -> str:
    return ascii(text[:60]) if not text.isprintable() else f"'{text[:60]}'"


def _time(file: Path, line: int, text: str) -> str:
    if not text:
        return ""
    found = utc(text)
    if found is None:
        raise UsageError(f"{file}, line {line}: {_told(text)} is no time such as 2026-10-01T23:59+02:00")
    return found


def utc(text: str) -> str | None:
    """A time in ISO 8601 as UTC; one without a zone is local. None when it is none."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return None
