"""What of an assignment students get: its visible checks, and a table that speaks of no others.

The file is edited as text, so that its comments stay, and then read again: what an edit did is not assumed.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import PurePosixPath
from typing import Any

from tinygrade import checklist
from tinygrade.config import ASSIGNMENT_FILE
from tinygrade.errors import CourseError
from tinygrade.model import Assignment
from tinygrade.release import tree
from tinygrade.release.tree import Tree

HIDDEN = "hidden"
_HEAD = re.compile(r"\s*\[")
_POINTS = re.compile(r"(?m)^points\s*=\s*[\d._]+")
#: Tables that are the instructor's business.
_PRIVATE = ("platform", "release")


def is_hidden(file: str) -> bool:
    """Does this file of an assignment lie in a folder `hidden`?"""
    return HIDDEN in PurePosixPath(file).parts


def hidden_points(assignment: Assignment) -> float:
    return sum(group.points for group in assignment.groups if is_hidden(group.file))


def files(assignment: Assignment) -> Tree:
    """The public part of the assignment's folder.

    Raises:
        CourseError: a hidden check stands in a public file, or a file cannot be read.
    """
    _refuse_hidden_checks(assignment)
    root = assignment.root
    names = [group.file for group in assignment.groups if not is_hidden(group.file)]
    names += [name for name in ("README.md", "conftest.py") if (root / name).is_file()]
    if (root / "smoke").is_dir():
        names += [f"smoke/{name}" for name in tree.files_in(root / "smoke")]
    for pattern in assignment.release.files:
        names += _matching(assignment, pattern)
    found = tree.read(root, "", names)
    found[ASSIGNMENT_FILE] = table(assignment).encode()
    return found


def _matching(assignment: Assignment, pattern: str) -> list[str]:
    found = [file.relative_to(assignment.root).as_posix() for file in assignment.root.glob(pattern) if file.is_file()]
    place = assignment.root / ASSIGNMENT_FILE
    if not found:
        raise CourseError(f"{place}: `release.files` names {pattern!r}, and there is no such file")
    if secret := [name for name in found if is_hidden(name)]:
        raise CourseError(f"{place}: `release.files` names {pattern!r}, which would give {secret[0]} away")
    return found


def _refuse_hidden_checks(assignment: Assignment) -> None:
    public = {group.file for group in assignment.groups if not is_hidden(group.file)}
    for check in checklist.read(assignment.course):
        if check.assignment == assignment.id and check.hidden and check.file in {PurePosixPath(f).name for f in public}:
            raise CourseError(
                f"{assignment.root / check.file}: {check.function} is marked hidden, but students would get this file: "
                f"move the check to a file in {assignment.root / HIDDEN}"
            )


# ---- assignment.toml -------------------------------------------------------------------------------


def table(assignment: Assignment) -> str:
    """assignment.toml without hidden groups and their points, and without what is not for students.

    Raises:
        CourseError: the file is written in a way in which these cannot be taken out.
    """
    place = assignment.root / ASSIGNMENT_FILE
    text = tree.content(place).decode("utf-8-sig").replace("\r\n", "\n")
    before = tomllib.loads(text)
    kept = "".join(block for block in _blocks(text) if not _is_private(block))
    if points := hidden_points(assignment):
        kept = _POINTS.sub(f"points = {before['points'] - points:g}", kept, count=1)
    if tomllib.loads(kept) != _expected(before, points):
        raise CourseError(
            f"{place}: hidden groups cannot be taken out of it: "
            "give each group and each table a head of its own, such as [[groups]]"
        )
    return kept


def _expected(before: dict[str, Any], hidden: float) -> dict[str, Any]:
    after = {key: value for key, value in before.items() if key not in _PRIVATE}
    if "groups" in after:
        after["groups"] = [group for group in after["groups"] if not is_hidden(group["file"])]
    if hidden:
        after["points"] = float(f"{before['points'] - hidden:g}")
    if not after.get("groups", True):
        del after["groups"]
    return after


def _blocks(text: str) -> list[str]:
    """The text cut before each head of a table, with the comment above the head."""
    blocks, comment = [""], ""
    for line in text.splitlines(keepends=True):
        if line.startswith("#"):
            comment += line
            continue
        if _HEAD.match(line):
            blocks.append("")
        blocks[-1] += comment + line
        comment = ""
    return [*blocks, comment]


def _is_private(block: str) -> bool:
    try:
        values = tomllib.loads(block)
    except tomllib.TOMLDecodeError:  # the inside of a value that looks like a head; the caller compares the whole
        return False
    if any(name in values for name in _PRIVATE):
        return True
    groups = values.get("groups")
    return isinstance(groups, list) and all(is_hidden(str(group.get("file"))) for group in groups)
