"""What a submission may consist of, wherever it comes from: every loader takes its files through a `Copy`.

Only what is allowed is taken: plain `*.py` files with importable names. What a package cannot need is skipped without
a word (`.git`, `__pycache__`, notes); what looks like the package but is no plain file is refused, by name. Nothing
here parses what a student wrote: sources stay bytes until a worker reads them.
"""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from tinygrade.errors import SubmissionError
from tinygrade.model import Submission

MAX_FILES = 200
MAX_FILE_BYTES = 256 * 1024
MAX_BYTES = 4 * 1024 * 1024
#: `tinytorch/a/b/c.py` is the deepest file.
MAX_LEVELS = 3
#: What one folder, and all that is looked at together, may hold at all: beyond this, even listing it is an attack or
#: an accident.
MAX_ENTRIES = 10_000


@dataclass
class Copy:
    """What is taken from a package so far: names relative to the copy's root, and contents."""

    package: str
    contents: dict[str, bytes] = field(default_factory=dict)
    _size: int = 0
    _folded: dict[str, str] = field(default_factory=dict)
    _reached: dict[str, bool] = field(default_factory=dict)

    def enters(self, parts: tuple[str, ...]) -> bool:
        """Is this folder looked into? Counts it as a name of the package."""
        if not parts[-1].isidentifier() or len(parts) > MAX_LEVELS + 1:
            return False
        self._claim("/".join(parts))
        return True

    def reaches(self, name: str) -> bool:
        """Are all folders above the file `name` looked into? Each is asked for once; the package itself always is."""
        parts = tuple(name.split("/"))
        for depth in range(2, len(parts)):
            path = "/".join(parts[:depth])
            if path not in self._reached:
                self._reached[path] = not is_skipped(parts[depth - 1]) and self.enters(parts[:depth])
            if not self._reached[path]:
                return False
        return True

    def expect(self, name: str) -> None:
        """Before the file `name` is read.

        Raises:
            SubmissionError: it may not be there, or is one too many.
        """
        if name.count("/") > MAX_LEVELS:
            raise refused(name, f"lies more than {MAX_LEVELS} levels deep; move it up")
        self._claim(name)
        if len(self.contents) >= MAX_FILES:
            raise SubmissionError(f"{self.package}/: holds more than {MAX_FILES} .py files; delete some")

    def add(self, name: str, content: bytes) -> None:
        """Take the file `name`.

        Raises:
            SubmissionError: it is too large, or all are together.
        """
        if len(content) > MAX_FILE_BYTES:
            raise too_large(name)
        self._size += len(content)
        if self._size > MAX_BYTES:
            raise SubmissionError(f"{self.package}/: its .py files are larger than {MAX_BYTES >> 20} MiB together")
        self.contents[name] = content

    def finish(self, source: str, shown: str, into: Path) -> Submission:
        """Write what was taken into the empty folder `into`.

        Raises:
            SubmissionError: nothing was.
        """
        if not self.contents:
            raise SubmissionError(f"{shown}: holds no .py file, so there is nothing to grade")
        _write(self.contents, into)
        return Submission(source, into, _digest(self.contents), tuple(sorted(self.contents)))

    def _claim(self, name: str) -> None:
        # `Ops.py` and `ops.py` are one file on macOS and Windows, two on Linux: graded there, run here
        folded = unicodedata.normalize("NFKC", name).casefold()
        if folded in self._folded:
            raise refused(name, f"and {self._folded[folded]} differ only in upper and lower case; rename one")
        self._folded[folded] = name


def is_skipped(name: str) -> bool:
    """A file or folder that no package needs, by its own name."""
    return name.startswith(".") or name == "__pycache__"


def is_module(name: str) -> bool:
    """Names that `import` can reach; `tensor (1).py` and `my-notes.py` are not part of the package."""
    return name.endswith(".py") and name.removesuffix(".py").isidentifier()


def kind(mode: int) -> str:
    kinds = {
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFIFO: "a pipe (FIFO)",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
        stat.S_IFREG: "a file",
    }
    return kinds.get(stat.S_IFMT(mode), "no plain file")


def too_large(name: str) -> SubmissionError:
    return refused(name, f"is larger than {MAX_FILE_BYTES >> 10} KiB; code never is: take data out of it")


def no_plain_file(name: str, what: str) -> SubmissionError:
    return refused(name, f"is {what}; only plain files are accepted: copy or delete it")


def refused(name: str, problem: str) -> SubmissionError:
    return SubmissionError(f"{printable(name)} {problem}")


def printable(name: str) -> str:
    """A name for a message: a student chose it, and it must not write to the terminal on its own."""
    return (name if name.isprintable() else ascii(name))[:200]


# ---- the result ------------------------------------------------------------------------------------


def _write(contents: dict[str, bytes], into: Path) -> None:
    """Readable for all whatever the umask: the worker may run as another user."""
    folders = {name[:end] for name in contents for end, sign in enumerate(name) if sign == "/"}
    for folder in sorted(folders):  # a folder comes before what lies in it
        os.mkdir(os.path.join(into, folder))
        os.chmod(os.path.join(into, folder), 0o755)
    for name, content in contents.items():
        target = os.path.join(into, name)
        with open(target, "xb") as stream:
            stream.write(content)
        os.chmod(target, 0o644)


def _digest(contents: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(contents):
        for part in (name.encode(), contents[name]):
            # the length keeps "ab" + "c" and "a" + "bc" apart
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
