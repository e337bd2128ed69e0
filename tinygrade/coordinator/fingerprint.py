"""A hash over everything of a course that the result of an assignment may depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from tinygrade.model import Assignment

#: Folders of an assignment that no grading reads, and its handout.
_UNREAD = {"mutants", "correct", "__pycache__", "README.md"}


def fingerprint(assignment: Assignment) -> str:
    """64 hex digits; they change with a check, a limit, the solution, the course's plugin, or an earlier assignment.

    Handouts, mutants and correct variants do not count.
    """
    return digest(part for name, file in files(assignment) for part in (name.encode(), file.read_bytes()))


def files(assignment: Assignment) -> Iterator[tuple[str, Path]]:
    """Each file that a result may depend on, under a name that does not tell where the course lies."""
    course = assignment.course
    for file in sorted(course.root.iterdir()):
        if file.suffix in (".toml", ".py"):  # the course's own settings, and what pytest loads by itself
            yield file.name, file
    folders = [course.root / name for name in (*assignment.predecessors(), assignment.id)]
    folders.append(course.reference / course.package)
    folders += [folder for folder in (course.plugin, course.recorded) if folder is not None]
    for number, folder in enumerate(folders):
        for file in sorted(_files(folder)):
            yield f"{number}/{file.relative_to(folder).as_posix()}", file


def digest(parts: Iterable[bytes]) -> str:
    """Of a sequence: the lengths keep "ab" + "c" and "a" + "bc" apart."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big") + part)
    return found.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():  # a course with a record has no solution
        return
    for path in folder.iterdir():
        if path.name in _UNREAD or path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _files(path)
        elif path.suffix != ".pyc":
            yield path
