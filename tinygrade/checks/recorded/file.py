"""The file of a record: an .npz of plain arrays, read without pickle, with an index in JSON.

Members: `header` (JSON), and for each seed `N/index` (JSON: question -> answer, see `answers`) and `N/f8`, `N/i8`, ...:
all numbers of a kind in one array. Little-endian, 64 bits, the same on every machine. The header tells the version, the
assignment, the seeds, the versions it was made with, and a hash of each check file: other checks ask other questions.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tinygrade.checks.recorded.answers import DTYPES, Damaged, Store
from tinygrade.errors import CourseError
from tinygrade.model import Assignment

FORMAT, VERSION = "tinygrade recorded reference", 1
HEADER = "header"
#: What reading a damaged file may raise.
_BROKEN = (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
NEW_ONE = "ask your instructor for the course's newest bundle"


@dataclass(frozen=True)
class Header:
    """What a record is about."""

    assignment: str
    seeds: tuple[int, ...]
    #: Hashes of the check files, by their path in the course.
    checks: Mapping[str, str]
    #: Python, numpy and system that it was made with, to explain what differs.
    environment: Mapping[str, str]


def check_files(assignment: Assignment, earlier: Iterable[Assignment]) -> dict[str, str]:
    """Hash of every file whose checks ask the reference: those of the assignment, and earlier smoke checks."""
    files = [assignment.root / group.file for group in assignment.groups]
    files += [file for before in earlier for file in sorted((before.root / "smoke").glob("*.py"))]
    root = assignment.course.root
    return {file.relative_to(root).as_posix(): _hash(file) for file in files}


def _hash(file: Path) -> str:
    # a checkout on another system may end its lines otherwise
    return hashlib.sha256(file.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


# ---- writing -----------------------------------------------------------------------------------------


def write(file: Path, header: Header, records: Mapping[int, Store]) -> None:
    """Write a record aside and put it in its place when it is whole."""
    members = {HEADER: _packed({"format": FORMAT, "version": VERSION, **_plain(header)})}
    for seed, store in records.items():
        members[f"{seed}/index"] = _packed(store.trees)
        members |= {f"{seed}/{kind}": array for kind, array in store.numbers().items()}
    aside = file.with_name(f"{file.name}.part")
    try:
        with open(aside, "wb") as stream:
            np.savez_compressed(stream, **members)  # type: ignore[arg-type]
        os.replace(aside, file)
    finally:
        aside.unlink(missing_ok=True)


def _plain(header: Header) -> dict[str, Any]:
    facts = {"checks": dict(header.checks), "environment": dict(header.environment)}
    return {"assignment": header.assignment, "seeds": list(header.seeds), **facts}


def _packed(tree: Any) -> np.ndarray:
    return np.frombuffer(json.dumps(tree, separators=(",", ":")).encode(), dtype="|u1")


def join(files: Iterable[Path], into: Path) -> None:
    """Put records of single seeds together; their headers differ in nothing else."""
    parts = list(files)
    first = read_header(parts[0])
    records = {read_header(part).seeds[0]: part for part in parts}
    write(into, replace(first, seeds=tuple(records)), {seed: read(part, seed) for seed, part in records.items()})


# ---- reading -----------------------------------------------------------------------------------------


def read_header(file: Path) -> Header:
    """What the record is about.

    Raises:
        CourseError: there is none, or it is damaged, or of another version of tinygrade.
    """
    if not file.is_file():
        raise CourseError(f"{file}: is not there, and without the solution the checks need it: {NEW_ONE}")
    try:
        with open(file, "rb") as stream, np.load(stream, allow_pickle=False) as members:
            return _header(file, _unpacked(members[HEADER]))
    except _BROKEN as error:
        raise _damaged(file, error) from None


def read(file: Path, seed: int) -> Store:
    """The answers for one of the record's seeds.

    Raises:
        CourseError: the file is damaged.
    """
    try:
        with open(file, "rb") as stream, np.load(stream, allow_pickle=False) as members:
            trees = _unpacked(members[f"{seed}/index"])
            prefix = f"{seed}/"
            kinds = {name.removeprefix(prefix) for name in members.files if name.startswith(prefix)} - {"index"}
            numbers = {kind: _numbers(members[prefix + kind], kind) for kind in kinds}
        if type(trees) is not dict:
            raise Damaged("no index")
        store = Store(trees, numbers)
        for question in trees:
            store.get(question)
    except _BROKEN as error:
        raise _damaged(file, error) from None
    return store


def require(header: Header, file: Path, assignment: Assignment, earlier: Iterable[Assignment]) -> None:
    """The record must have been made for this assignment with these very checks.

    Raises:
        CourseError: it was not.
    """
    if header.assignment != assignment.id:
        raise CourseError(f"{file}: was recorded for {header.assignment}, not for {assignment.id}: {NEW_ONE}")
    here = check_files(assignment, earlier)
    changed = sorted(name for name in {*here, *header.checks} if here.get(name) != header.checks.get(name))
    if changed:
        raise CourseError(f"{file}: was recorded for another version of {changed[0]}: {NEW_ONE}")


def _header(file: Path, tree: Any) -> Header:
    if type(tree) is not dict or tree.get("format") != FORMAT:
        raise Damaged("it is no record of a reference")
    if tree.get("version") != VERSION:
        told = f"has version {tree.get('version')!r} of the format, this tinygrade reads version {VERSION}"
        raise CourseError(f"{file}: {told}: bring tinygrade and the course's bundle up to date")
    seeds = tree["seeds"]
    if type(tree["assignment"]) is not str or type(seeds) is not list or not all(type(s) is int for s in seeds):
        raise Damaged("its header is malformed")
    if not seeds or not _is_table(tree["checks"]) or not _is_table(tree["environment"]):
        raise Damaged("its header is malformed")
    return Header(tree["assignment"], tuple(seeds), tree["checks"], tree["environment"])


def _is_table(value: Any) -> bool:
    return type(value) is dict and all(type(item) is str for item in value.values())


def _unpacked(array: np.ndarray) -> Any:
    if array.dtype != np.uint8 or array.ndim != 1:
        raise Damaged("its index is malformed")
    return json.loads(array.tobytes().decode("utf-8"))


def _numbers(array: np.ndarray, kind: str) -> np.ndarray:
    if kind not in DTYPES or array.ndim != 1 or array.dtype != np.dtype(DTYPES[kind]):
        raise Damaged("its numbers are malformed")
    return array.astype(array.dtype.newbyteorder("="))


def _damaged(file: Path, error: BaseException) -> CourseError:
    why = str(error).splitlines()[0] if str(error) else type(error).__name__
    return CourseError(f"{file}: is damaged ({why}): {NEW_ONE}")
