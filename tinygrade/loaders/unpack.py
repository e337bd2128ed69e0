"""A bulk download unpacked into a folder: what a learning platform packs for a whole class.

The archive was made by the platform, but the names and contents in it are those of students. So nothing is extracted
to a path that a member names unless every part of it is harmless, only what a loader can read is written, and what a
loader would refuse as too large is written just too large, so that it is refused there, by name. Of all else the names
remain, as empty files: a student who handed in a letter must not vanish.
"""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from tinygrade.errors import SubmissionError
from tinygrade.loaders import archive, notebook, rules

#: Entries, and bytes that may be written: a class of 5,000 with 800 KB each.
MAX_ENTRIES = 500_000
MAX_UNPACKED = 4 * 1024**3
MAX_DEPTH = 12
#: What Gradescope's export tells about who handed in what.
METADATA = "submission_metadata.yml"
MAX_METADATA_BYTES = 64 * 1024 * 1024
ENCRYPTED = 0x1

Note = Callable[[str], None]


def names(path: Path) -> list[str]:
    """The names of all entries of a .zip.

    Raises:
        SubmissionError: it cannot be read, or has too many.
    """
    return [info.orig_filename for info in _infos(path)]


def unpack(path: Path, into: Path, note: Note) -> None:
    """Write what loaders can read of the .zip `path` into the folder `into`; `note` gets a line for what is left out.

    Raises:
        SubmissionError: it cannot be read, is encrypted, or unpacks to too much.
    """
    left = MAX_UNPACKED
    infos = _infos(path)
    try:
        with zipfile.ZipFile(path) as file:
            for info in infos:
                target = _target(info, into, note)
                if target is not None:
                    left -= _write(file, info, target, min(_limit(target.name), left))
                    if left <= 0:
                        raise SubmissionError(f"{path}: unpacks to more than {MAX_UNPACKED >> 30} GiB")
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise SubmissionError(f"{path}: cannot be unpacked: {archive.brief(error)}; download it anew") from error


def _infos(path: Path) -> Sequence[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(path) as file:
            infos = file.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise SubmissionError(f"{path}: cannot be read: {archive.brief(error)}; download it anew") from error
    if len(infos) > MAX_ENTRIES:
        raise SubmissionError(f"{path}: holds more than {MAX_ENTRIES:,} entries")
    if any(info.flag_bits & ENCRYPTED for info in infos):
        raise SubmissionError(f"{path}: is encrypted; unpack it yourself and name the folder")
    return infos


def _target(info: zipfile.ZipInfo, into: Path, note: Note) -> Path | None:
    """Where a member goes; None for one that is not written."""
    try:
        parts = PurePosixPath(archive.checked_name(info.orig_filename)).parts
    except SubmissionError as error:
        note(f"left out: {error}")
        return None
    if any(rules.is_skipped(part) or part == "__MACOSX" for part in parts):
        return None
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        note(f"left out: {rules.printable(info.orig_filename)} is {rules.kind(kind)}")
        return None
    if len(parts) > MAX_DEPTH or any(len(part.encode("utf-8", "replace")) > 250 for part in parts):
        note(f"left out: {rules.printable(info.orig_filename)} lies too deep or has too long a name")
        return None
    is_folder = info.orig_filename.endswith("/")
    folder = into.joinpath(*parts if is_folder else parts[:-1])
    folder.mkdir(parents=True, exist_ok=True)
    if is_folder:
        return None
    if (folder / parts[-1]).exists():
        note(f"left out: {rules.printable(info.orig_filename)} is there twice")
        return None
    return folder / parts[-1]


def _limit(name: str) -> int:
    """One byte more than the loader of such a file takes; 0 for what no loader reads."""
    low = name.lower()
    if low.endswith(archive.SUFFIXES):
        return archive.MAX_ARCHIVE_BYTES + 1
    if low.endswith(notebook.SUFFIX):
        return notebook.MAX_BYTES + 1
    if name == METADATA:
        return MAX_METADATA_BYTES
    return rules.MAX_FILE_BYTES + 1 if low.endswith(".py") else 0


def _write(file: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, most: int) -> int:
    with file.open(info) as member, target.open("xb") as stream:
        left = most
        while left > 0 and (block := member.read(min(left, 1 << 20))):
            stream.write(block)
            left -= len(block)
    return most - left
