"""Take a student's package out of a .zip, .tar or .tar.gz, member by member: nothing is ever extracted to a path.

The whole list of members is judged before any of them is read. What may be taken at all is in `rules`; here is what
only archives can do: names that lead elsewhere, members that are twice there, links, passwords, bombs.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tinygrade.errors import SubmissionError
from tinygrade.loaders import rules, tar, zipped
from tinygrade.loaders.member import Member
from tinygrade.loaders.rules import Copy, refused
from tinygrade.model import Assignment, Submission

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")
#: The archive itself: a package is thirty times smaller.
MAX_ARCHIVE_BYTES = 16 * 1024 * 1024
#: An unpacked member may be so many times larger than it is packed, and a little more: code packs 3 to 10 times.
MAX_RATIO, RATIO_FREE = 100, 64 * 1024


def is_archive(source: str) -> bool:
    """Does this name a file that this loader reads?"""
    return source.lower().endswith(SUFFIXES) and os.path.isfile(os.path.expanduser(source))


def load(source: str, assignment: Assignment, into: Path) -> Submission:
    """The package in the archive `source`, copied into the empty folder `into`.

    The package's folder lies at the top, or in the one folder at the top (as in downloads of a repository).

    Raises:
        SubmissionError: it cannot be read, or holds something that is not accepted.
    """
    copy = Copy(assignment.course.package)
    try:
        with _opened(source) as stream:
            read = zipped.members if source.lower().endswith(".zip") else tar.members
            take(copy, read(stream), source, assignment)
    except SubmissionError:
        raise
    except Exception as error:  # a damaged archive can raise almost anything; it is theirs, and nothing is graded
        raise SubmissionError(f"{source}: cannot be read: {brief(error)}; pack it anew") from error
    return copy.finish(source, f"{source}: {copy.package}/", into)


@contextmanager
def _opened(source: str) -> Iterator[BinaryIO]:
    flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(os.path.expanduser(source), flags), "rb") as stream:
        state = os.fstat(stream.fileno())
        if not stat.S_ISREG(state.st_mode):
            raise SubmissionError(f"{source}: is {rules.kind(state.st_mode)}, not an archive")
        if state.st_size > MAX_ARCHIVE_BYTES:
            raise SubmissionError(
                f"{source}: is larger than {MAX_ARCHIVE_BYTES >> 20} MiB; pack the folder of the package only"
            )
        yield stream


def take(copy: Copy, members: Iterable[Member], source: str, assignment: Assignment) -> None:
    """Judge all members, then read those of the package.

    Raises:
        SubmissionError: one is not accepted, or none is of the package.
    """
    found: dict[str, Member] = {}
    for member in members:
        name = checked_name(member.name)
        if name in found and not (stat.S_ISDIR(member.mode) and stat.S_ISDIR(found[name].mode)):
            raise refused(name, "is in the archive twice; pack it anew")
        found[name] = member
        if len(found) > rules.MAX_ENTRIES:
            raise SubmissionError(f"{source}: holds more than {rules.MAX_ENTRIES} entries; pack the package only")
    prefix = _prefix(found, source, assignment)
    for name, member in sorted(found.items()):
        inner = f"{copy.package}/{name.removeprefix(prefix)}"
        if name.startswith(prefix) and copy.reaches(inner):
            _take_one(copy, inner, member)


def _take_one(copy: Copy, name: str, member: Member) -> None:
    base = name.rpartition("/")[2]
    if stat.S_ISDIR(member.mode) or rules.is_skipped(base):
        return
    if not stat.S_ISREG(member.mode):
        raise rules.no_plain_file(name, rules.kind(member.mode))
    if not rules.is_module(base):
        return
    if member.problem:
        raise refused(name, member.problem)
    if member.size > rules.MAX_FILE_BYTES:
        raise rules.too_large(name)
    if member.packed is not None and member.size > MAX_RATIO * member.packed + RATIO_FREE:
        raise refused(name, f"is packed more than {MAX_RATIO} times smaller than it is; code never is")
    copy.expect(name)
    copy.add(name, member.read(rules.MAX_FILE_BYTES + 1))


def checked_name(name: str) -> str:
    """The name without a slash at its end.

    Raises:
        SubmissionError: it leads out of the archive, or would on another system.
    """
    if name in (".", "./"):
        return "."
    if not name.strip("/") or "\0" in name:
        raise refused(name or "(no name)", "is no name of a file; pack it anew")
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        raise refused(name, "begins at the root of a disk; pack with names relative to the package")
    if "\\" in name:
        raise refused(name, "has a backslash in its name; pack it anew")
    parts = name.removeprefix("./").rstrip("/").split("/")
    if ".." in parts:
        raise refused(name, "leads out of the archive; pack with names relative to the package")
    if "" in parts or "." in parts[1:]:
        raise refused(name, "is written in a roundabout way; pack it anew")
    return "/".join(parts)


def _prefix(found: dict[str, Member], source: str, assignment: Assignment) -> str:
    """What stands before the names of the package's files."""
    package = assignment.course.package
    tops = {name.split("/")[0] for name in found if not rules.is_skipped(name.split("/")[0]) and name != "."}
    tops.discard("__MACOSX")  # what macOS adds to every archive
    below = f"{next(iter(tops))}/" if len(tops) == 1 else ""
    for prefix in (f"{package}/", f"{below}{package}/"):
        if any(name.startswith(prefix) for name in found):
            return prefix
    for prefix in ("", below):
        if f"{prefix}__init__.py" in found and any(f"{prefix}{file}" in found for file in assignment.files):
            return prefix
    if not found:
        raise SubmissionError(f"{source}: is empty; it should hold the folder {package}/")
    raise SubmissionError(f"{source}: holds no folder {package}/ at its top, nor in the one folder there")


def brief(error: Exception) -> str:
    text = re.sub(r"\s+", " ", str(error))[:100]
    return f"{type(error).__name__}: {text}" if text.isprintable() else type(error).__name__
