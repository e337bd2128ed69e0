"""Copy a student's package out of a folder, trusting nothing in it.

Only what is allowed is copied: plain `*.py` files with importable names. What a package cannot need is skipped
without a word (`.git`, `__pycache__`, notes); what looks like the package but is no plain file is refused.
Nothing is followed and nothing is opened that could block, so that the copy is what was looked at.
"""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tinygrade.errors import SubmissionError, did_you_mean
from tinygrade.model import Assignment, Submission

MAX_FILES = 200
MAX_FILE_BYTES = 256 * 1024
MAX_BYTES = 4 * 1024 * 1024
#: `tinytorch/a/b/c.py` is the deepest file.
MAX_LEVELS = 3
#: What one folder may hold at all: beyond this, even listing it is an attack or an accident.
MAX_ENTRIES = 10_000

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
    folder = _package_folder(source, assignment)
    try:
        copy = _Copy(package)
        with _open_folder(folder) as opened:
            copy.walk(opened, (package,))
    except OSError as error:
        raise SubmissionError(f"{source}: cannot be read: {error.strerror}") from error
    if not copy.contents:
        raise SubmissionError(f"{folder}: holds no .py file, so there is nothing to grade")
    _write(copy.contents, into)
    files = tuple(sorted(copy.contents))
    return Submission(source=source, root=into, sha256=_digest(copy.contents), files=files)


# ---- which folder ----------------------------------------------------------------------------------


def _package_folder(source: str, assignment: Assignment) -> Path:
    package = assignment.course.package
    path = _existing_folder(source, package)
    try:
        entries = {entry.name: entry for entry in _listing(path, source)}
    except OSError as error:
        raise SubmissionError(f"{source}: cannot be read: {error.strerror}") from error
    if package in entries:
        return _plain_folder(entries[package], source)
    if path.name == package or _looks_like_package(set(entries), assignment):
        return path
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
        raise SubmissionError(f"{source}: is not a folder; name the folder that holds {package}/")
    return path


def _plain_folder(entry: os.DirEntry[str], source: str) -> Path:
    if not entry.is_dir(follow_symlinks=False):
        kind = _kind(entry.stat(follow_symlinks=False).st_mode)
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


@dataclass
class _Copy:
    """What is taken from a package so far: names relative to the copy's root, and contents."""

    package: str
    contents: dict[str, bytes] = field(default_factory=dict)
    _size: int = 0
    _folded: dict[str, str] = field(default_factory=dict)

    def walk(self, folder: _Folder, parts: tuple[str, ...]) -> None:
        for entry in sorted(folder.entries("/".join(parts)), key=lambda entry: entry.name):
            if entry.name.startswith(".") or entry.name == "__pycache__":
                continue
            mode = entry.stat(follow_symlinks=False).st_mode
            name = "/".join((*parts, entry.name))
            if stat.S_ISDIR(mode):
                self._folder(folder, (*parts, entry.name))
            elif not stat.S_ISREG(mode):
                raise _refused(name, f"is {_kind(mode)}; only plain files are accepted: copy or delete it")
            elif _is_module(entry.name):
                self._file(folder, name, entry.name)

    def _folder(self, parent: _Folder, parts: tuple[str, ...]) -> None:
        if not parts[-1].isidentifier() or len(parts) > MAX_LEVELS + 1:
            return
        with _open_folder(parent.path / parts[-1], parent) as folder:
            self._claim("/".join(parts))
            self.walk(folder, parts)

    def _file(self, folder: _Folder, name: str, base: str) -> None:
        if name.count("/") > MAX_LEVELS:
            raise _refused(name, f"lies more than {MAX_LEVELS} levels deep; move it up")
        self._claim(name)
        if len(self.contents) >= MAX_FILES:
            raise SubmissionError(f"{self.package}/: holds more than {MAX_FILES} .py files; delete some")
        content = _content(folder, name, base)
        self._size += len(content)
        if self._size > MAX_BYTES:
            raise SubmissionError(f"{self.package}/: its .py files are larger than {MAX_BYTES >> 20} MiB together")
        self.contents[name] = content

    def _claim(self, name: str) -> None:
        # `Ops.py` and `ops.py` are one file on macOS and Windows, two on Linux: graded there, run here
        folded = unicodedata.normalize("NFKC", name).casefold()
        if folded in self._folded:
            raise _refused(name, f"and {self._folded[folded]} differ only in upper and lower case; rename one")
        self._folded[folded] = name


def _content(folder: _Folder, name: str, base: str) -> bytes:
    try:
        with os.fdopen(folder.open(base, _READ | _SAFELY), "rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if not stat.S_ISREG(mode):  # swapped since it was listed
                raise _refused(name, f"is {_kind(mode)}; only plain files are accepted")
            content = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _refused(name, f"cannot be read: {error.strerror}; check its permissions") from error
    if len(content) > MAX_FILE_BYTES:
        raise _refused(name, f"is larger than {MAX_FILE_BYTES >> 10} KiB; code never is: take data out of it")
    return content


def _listing(path: Path | int, shown: str) -> list[os.DirEntry[str]]:
    found = []
    with os.scandir(path) as entries:
        for entry in entries:
            found.append(entry)
            if len(found) > MAX_ENTRIES:
                raise SubmissionError(f"{shown}: holds more than {MAX_ENTRIES} entries; name the right folder")
    return found


def _is_module(name: str) -> bool:
    """Names that `import` can reach; `tensor (1).py` and `my-notes.py` are not part of the package."""
    return name.endswith(".py") and name.removesuffix(".py").isidentifier()


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFIFO: "a pipe (FIFO)",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
        stat.S_IFREG: "a file",
    }
    return kinds.get(stat.S_IFMT(mode), "no plain file")


def _refused(name: str, problem: str) -> SubmissionError:
    # a student chose the name: it must not write to the terminal on its own
    shown = name if name.isprintable() else ascii(name)
    return SubmissionError(f"{shown[:200]} {problem}")


# ---- the result ------------------------------------------------------------------------------------


def _write(contents: dict[str, bytes], into: Path) -> None:
    """Readable for all whatever the umask: the worker may run as another user."""
    for name, content in contents.items():
        target = into / name
        for folder in reversed(target.relative_to(into).parents[:-1]):
            (into / folder).mkdir(exist_ok=True)
            (into / folder).chmod(0o755)
        with target.open("xb") as stream:
            stream.write(content)
        target.chmod(0o644)


def _digest(contents: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(contents):
        for part in (name.encode(), contents[name]):
            # the length keeps "ab" + "c" and "a" + "bc" apart
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
