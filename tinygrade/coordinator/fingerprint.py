"""A hash over everything of a course that the result of an assignment may depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from tinygrade.model import Assignment

#: Folders of an assignment that no grading reads.
_UNREAD = {"mutants", "correct", "__pycache__"}
_SUFFIXES = {".py", ".toml", ".npz", ".npy", ".json"}


def fingerprint(assignment: Assignment) -> str:
    """64 hex digits; they change with a check, a limit, the solution, the course's plugin, or an earlier assignment.

    Handouts, mutants and correct variants do not count.
    """
    course = assignment.course
    folders = [course.root / name for name in (*assignment.predecessors(), assignment.id)]
    folders.append(course.reference / course.package)
    if course.plugin is not None:
        folders.append(course.plugin)
    digest = hashlib.sha256()
    for number, folder in enumerate(folders):
        for file in sorted(_files(folder)):
            for part in (f"{number}/{file.relative_to(folder).as_posix()}".encode(), file.read_bytes()):
                # the length keeps "ab" + "c" and "a" + "bc" apart
                digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir():
            if path.name not in _UNREAD and not path.name.startswith("."):
                yield from _files(path)
        elif path.suffix in _SUFFIXES:
            yield path
