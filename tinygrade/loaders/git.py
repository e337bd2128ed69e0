"""Take a student's package out of a git repository without ever checking it out.

`git+https://host/repository.git@branch`, `git+ssh://...`, `git+file:///path`; after `@` a branch, a tag or a whole
commit, and at the end `?before=2026-11-20T23:59Z` for the last commit before a deadline. One shallow fetch brings the
objects into a bare repository of our own (`fetching`); names and contents are then read from the objects, as members
of an archive are, and under the same rules. A checkout is where hooks, filters, attributes, large-file pointers,
submodules and links do their work, so none of them does any here.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

from tinygrade.errors import SubmissionError
from tinygrade.loaders import archive
from tinygrade.loaders.fetching import Repository
from tinygrade.loaders.member import Member
from tinygrade.loaders.rules import Copy
from tinygrade.model import Assignment, Submission

SCHEMES = ("https", "ssh", "file")
#: Commits that are looked back through for a deadline.
HISTORY = 500

_PLAIN = re.compile(r"(?:https|ssh)://[^@]*(?:@[^/]*)?/.*\.git(?:@.*)?", re.DOTALL)
_REF = re.compile(r"[A-Za-z0-9][\w./+-]*")
_ENTRY = re.compile(rb"(\d{6}) (\w+) ([0-9a-f]{40,64}) +(\d+|-)\t(.+)", re.DOTALL)


@dataclass(frozen=True)
class Address:
    """What an address asks for."""

    url: str
    #: A branch, a tag, a whole commit, or "HEAD".
    ref: str
    #: The last commit before this moment, or None for the newest.
    before: datetime | None
    #: The address without user and password, for reports.
    shown: str


def is_address(source: str) -> bool:
    """Does this name a repository?"""
    return source.startswith(("git+", "file://")) or _PLAIN.fullmatch(source) is not None


def load(source: str, assignment: Assignment, into: Path) -> Submission:
    """The package in the repository `source`, copied into the empty folder `into`.

    The dates of `?before=` are those of commits, which whoever commits can set: they keep an honest student's late
    push out of a grading, and nobody else's. For the others the platform's own time of a push counts.

    Raises:
        SubmissionError: it cannot be fetched or read, or holds something that is not accepted.
    """
    address = parse(source)
    copy = Copy(assignment.course.package)
    with tempfile.TemporaryDirectory(prefix="tinygrade-git-") as folder:
        repository = Repository(Path(folder), address.shown)
        repository.fetch(address.url, address.ref, HISTORY if address.before else 1)
        commit = repository.commit(address.before)
        archive.take(copy, _members(repository, commit), address.shown, assignment)
    return copy.finish(f"{address.shown} at {commit[:12]}", f"{address.shown}: {copy.package}/", into)


# ---- the address -----------------------------------------------------------------------------------


def parse(source: str) -> Address:
    """The parts of an address.

    Raises:
        SubmissionError: it is none, or none that is fetched.
    """
    text = source.removeprefix("git+")
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError as error:
        raise SubmissionError(f"{source}: is no address: {error}") from error
    shown = urlunsplit(parts._replace(netloc=f"{host}:{parts.port}" if _port(parts.netloc) else host))
    if parts.scheme not in SCHEMES:
        raise SubmissionError(f"{shown}: is fetched only from git+{', git+'.join(f'{s}://' for s in SCHEMES)}")
    path, _, ref = parts.path.rpartition("@") if "@" in parts.path else (parts.path, "", "HEAD")
    if not _REF.fullmatch(ref) or ".." in ref:
        raise SubmissionError(f"{shown}: {ref!r} is no name of a branch, tag or commit")
    if not path.strip("/") or (parts.scheme != "file" and not host) or host.startswith("-"):
        raise SubmissionError(f"{shown}: names no repository")
    url = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
    # git takes the path of a file: as it stands, not as an address
    return Address(unquote(url) if parts.scheme == "file" else url, ref, _before(parts.query, shown), shown)


def _port(netloc: str) -> bool:
    return re.search(r":\d+$", netloc) is not None


def _before(query: str, shown: str) -> datetime | None:
    values = parse_qs(query, keep_blank_values=True)
    if not values:
        return None
    try:
        (text,) = values.pop("before")
        moment = datetime.fromisoformat(text.replace(" ", "+"))  # in an address + is a space
        if values or moment.tzinfo is None:
            raise ValueError
    except (KeyError, ValueError):
        wanted = "?before=2026-11-20T23:59Z, with a zone (Z, or such as +01:00)"
        raise SubmissionError(f"{shown}: only {wanted} may stand at the end") from None
    return moment


# ---- what is in a commit ---------------------------------------------------------------------------


def _members(repository: Repository, commit: str) -> Iterator[Member]:
    """Every file of the commit, as its tree says."""
    for line in repository.listing(commit):
        match = _ENTRY.fullmatch(line)
        if match is None:
            raise SubmissionError(f"{repository.shown}: is damaged: a tree cannot be read")
        mode, kind, oid, size, name = match.groups()
        read = _reader(repository, oid.decode())
        yield Member(os.fsdecode(name), _mode(mode, kind), int(size) if size != b"-" else 0, None, "", read)


def _reader(repository: Repository, oid: str) -> Callable[[int], bytes]:
    return lambda most: repository.content(oid)[:most]


def _mode(mode: bytes, kind: bytes) -> int:
    if kind == b"blob" and mode.startswith(b"100"):
        return stat.S_IFREG
    return stat.S_IFLNK if mode == b"120000" else 0  # 0: a repository in the repository, which is no plain file
