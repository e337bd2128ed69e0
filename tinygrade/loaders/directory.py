"""Copy a student's package out of a folder, trusting nothing in it.

Nothing is followed and nothing is opened that could block, so that the copy is what was looked at. What may be taken
at all is in `rules`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tinygrade.errors import SubmissionError, did_you_mean
from tinygrade.loaders import rules
from tinygrade.loaders.rules import Copy, refused
from tinygrade.model import Assignment, Submission

# The constants that Windows lacks guard against things that Windows lacks too.
_READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_SAFELY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_HAS_DIR_FD = os.open in os.supports_dir_fd and os.stat in os.supports_dir_fd and os.scandir in os.supports_fd


def load(source: str, assignment: Assignment, into: Path) -> Submission:
    """The package in the folder `source`, copied into the empty folder `into`.

    `source` is the folder that holds the package's folder, or the package's folder itself.

    Raises:
        SubmissionError: it cannot be read, or holds something that is not accepted.
    """
    package = assignment.course.package
    outer, folder = _package_folder(source, assignment)
    copy = Copy(package)
    try:
        with _open_folder(outer) as opened:
            if folder == outer:
                _walk(copy, opened, (package,))
            else:  # through the folder around it, so that a link put in its place meanwhile is not followed
                with _open_folder(folder, opened) as inner:
                    _walk(copy, inner, (package,))
    except OSError as error:
        raise SubmissionError(f"{source}: cannot be read: {error.strerror}") from error
    return copy.finish(source, str(folder), into)


def files_below(folder: Path, package: str) -> dict[str, bytes]:
    """The modules of the package in `folder`: contents by name, which begins with the package's.

    Raises:
        SubmissionError: it holds something that is not accepted.
    """
    copy = Copy(package)
    with _open_folder(folder) as opened:
        _walk(copy, opened, (package,))
    return copy.contents


# ---- which folder ----------------------------------------------------------------------------------


def _package_folder(source: str, assignment: Assignment) -> tuple[Path, Path]:
    """The folder that the user named, and the package's: in it or the same."""
    package = assignment.course.package
    path = _existing_folder(source, package)
    try:
        entries = {entry.name: entry for entry in _listing(path, source)}
    except OSError as error:
        raise SubmissionError(f"{source}: cannot be read: {error.strerror}") from error
    if package in entries:
        return path, _plain_folder(entries[package], source)
    if path.name == package or _looks_like_package(set(entries), assignment):
        return path, path
    if not entries:
        raise SubmissionError(f"{source}: is empty; it should hold the folder {package}/")
    raise SubmissionError(f"{source}: holds no folder {package}/{_nearby(path, entries, package)}")


def _existing_folder(source: str, package: str) -> Path:
    if not source.strip() or "\0" in source:
        raise SubmissionError(f"no submission is named; name the folder that holds {package}/")
    path = Path(os.path.abspath(os.path.expanduser(source)))
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SubmissionError(f"{source}: does not exist{_sibling(path)}") from error
    except OSError as error:
        raise SubmissionError(f"{source}: cannot be read: {error.strerror}") from error
    if not stat.S_ISDIR(mode):
        wanted = f"name the folder that holds {package}/, or pack it as .zip or .tar.gz"
        raise SubmissionError(f"{source}: is not a folder; {wanted}")
    return path


def _plain_folder(entry: os.DirEntry[str], source: str) -> Path:
    if not entry.is_dir(follow_symlinks=False):
        kind = rules.kind(entry.stat(follow_symlinks=False).st_mode)
        raise SubmissionError(f"{source}: {entry.name} is {kind}; it must be a folder of its own")
    return Path(entry.path)


def _looks_like_package(names: set[str], assignment: Assignment) -> bool:
    """A renamed package folder: `my-work/__init__.py` beside a file of this assignment."""
    return "__init__.py" in names and not names.isdisjoint(assignment.files)


def _sibling(path: Path) -> str:
    try:
        return did_you_mean(path.name, (entry.name for entry in _listing(path.parent, str(path.parent))))
    except (OSError, SubmissionError):
        return ""


def _nearby(path: Path, entries: dict[str, os.DirEntry[str]], package: str) -> str:
    """Where the package may be instead: one level down (an unpacked download), or written differently."""
    for name in sorted(entries):
        if entries[name].is_dir() and os.path.isdir(path / name / package):
            return f"; did you mean '{path / name}'?"
    hint = did_you_mean(package, (name for name in entries if entries[name].is_dir()))
    return hint or "; name the folder that holds it with --submission"


# ---- the copy --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Folder:
    """An open folder. Its entries are reached through it, so that a swapped parent changes nothing."""

    path: Path
    #: None where the system cannot open files relative to a folder.
    fd: int | None

    def entries(self, shown: str) -> list[os.DirEntry[str]]:
        return _listing(self.path if self.fd is None else self.fd, shown)

    def open(self, name: str, flags: int) -> int:
        if self.fd is None:
            return os.open(self.path / name, flags)
        return os.open(name, flags, dir_fd=self.fd)


@contextmanager
def _open_folder(path: Path, parent: _Folder | None = None) -> Iterator[_Folder]:
    if not _HAS_DIR_FD:
        yield _Folder(path, None)
        return
    flags = _READ | _SAFELY | os.O_DIRECTORY
    # the outermost folder is the user's own choice: a link is fine there
    fd = parent.open(path.name, flags) if parent else os.open(path, flags & ~os.O_NOFOLLOW)
    try:
        yield _Folder(path, fd)
    finally:
        os.close(fd)


def _walk(copy: Copy, folder: _Folder, parts: tuple[str, ...], seen: int = 0) -> int:
    """Take what is in this folder; gives how many entries were looked at so far."""
    found = sorted(folder.entries("/".join(parts)), key=lambda entry: entry.name)
    seen += len(found)
    if seen > rules.MAX_ENTRIES:
        raise SubmissionError(f"{copy.package}/: holds more than {rules.MAX_ENTRIES} entries; name the right folder")
    for entry in found:
        if rules.is_skipped(entry.name):
            continue
        mode = entry.stat(follow_symlinks=False).st_mode
        inner = (*parts, entry.name)
        name = "/".join(inner)
        if stat.S_ISDIR(mode):
            if copy.enters(inner):
                with _open_folder(folder.path / entry.name, folder) as opened:
                    seen = _walk(copy, opened, inner, seen)
        elif not stat.S_ISREG(mode):
            raise rules.no_plain_file(name, rules.kind(mode))
        elif rules.is_module(entry.name):
            copy.expect(name)
            copy.add(name, _content(folder, name, entry.name))
    return seen


def _content(folder: _Folder, name: str, base: str) -> bytes:
    try:
        with os.fdopen(folder.open(base, _READ | _SAFELY), "rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if not stat.S_ISREG(mode):  # swapped since it was listed
                raise rules.no_plain_file(name, rules.kind(mode))
            return stream.read(rules.MAX_FILE_BYTES + 1)
    except OSError as error:
        raise refused(name, f"cannot be read: {error.strerror}; check its permissions") from error


def _listing(path: Path | int, shown: str) -> list[os.DirEntry[str]]:
    found = []
    with os.scandir(path) as entries:
        for entry in entries:
            found.append(entry)
            if len(found) > rules.MAX_ENTRIES:
                raise SubmissionError(f"{shown}: holds more than {rules.MAX_ENTRIES} entries; name the right folder")
    return found
