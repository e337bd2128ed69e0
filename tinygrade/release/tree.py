"""A bundle before it is written: paths and contents, and the texts that are filled in."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path, PurePosixPath

from tinygrade.errors import CourseError, GraderError

#: Path in the bundle, with slashes -> content.
Tree = dict[str, bytes]
#: Left in folders by Python and by editors.
LITTER = frozenset({"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".DS_Store"})
#: The oldest time that a zip can say: the same bundle has the same bytes whenever it is made.
EPOCH = (1980, 1, 1, 0, 0, 0)
_SCRIPTS = ("setup.sh", "run_autograder")


def read(folder: Path, into: str, names: Iterable[str] | None = None) -> Tree:
    """The files of `folder` as `into/...`: all of them, or the relative `names`.

    Raises:
        CourseError: one cannot be read.
    """
    found = files_in(folder) if names is None else names
    return {str(PurePosixPath(into, name)): content(folder / name) for name in found}


def files_in(folder: Path, without: Iterable[str] = ()) -> Iterator[str]:
    """Relative paths of the regular files, sorted; not below folders named in `without`, and no litter."""
    left_out = {*without, *LITTER}
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder)
        if file.is_file() and file.suffix != ".pyc" and not left_out.intersection(name.parts):
            yield name.as_posix()


def content(file: Path) -> bytes:
    """What is in a file of the course.

    Raises:
        CourseError: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise CourseError(f"{file}: cannot be read: {error.strerror}") from error


def filled(name: str, **words: object) -> bytes:
    """A text of `release/files` in which each `@WORD@` is replaced.

    Raises:
        GraderError: a word is left over, or is not in the text.
    """
    text = resources.files("tinygrade.release").joinpath("files", name).read_text("utf-8")
    for word, value in words.items():
        if f"@{word}@" not in text:
            raise GraderError(f"{name} has no place for {word}")
        text = text.replace(f"@{word}@", str(value))
    return text.encode()


def is_script(name: str) -> bool:
    """Must this file of a bundle be executable?"""
    return PurePosixPath(name).name in _SCRIPTS


def write(tree: Mapping[str, bytes], folder: Path) -> None:
    """Write the files below `folder`, which is new."""
    for name, data in tree.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        os.chmod(file, mode(name))


def mode(name: str) -> int:
    return 0o755 if is_script(name) else 0o644


def zipped(tree: Mapping[str, bytes]) -> bytes:
    """The tree as a .zip, byte for byte the same for the same tree."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(tree):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, so that the modes below count
            entry.external_attr = (0o100000 | mode(name)) << 16
            archive.writestr(entry, tree[name])
    return buffer.getvalue()
