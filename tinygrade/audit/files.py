"""Read what an audit tries: mutants and correct variants, as strictly as any other file of a course."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinygrade.errors import CourseError, did_you_mean
from tinygrade.model import Assignment, Course
from tinygrade.tables import Key, Place, checked, is_file_name, is_number, is_text, read

MUTANTS, CORRECT = "mutants", "correct"


def _is_block(value: Any) -> bool:
    return isinstance(value, str)


def _is_codes(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and bool(value) and all(map(is_text, value)))


_WHAT = Key(is_text, "a text in quotes that says what is different", required=True)
_EDITS = Key(
    lambda v: isinstance(v, list) and bool(v) and all(isinstance(i, dict) for i in v),
    "one or more edits: write [[edit]]",
    required=True,
)
_MUTANT: Mapping[str, Key] = {
    "bug": Key(lambda v: isinstance(v, str), "a text in quotes; empty when it stands in no list"),
    "what": _WHAT,
    "check": Key(is_text, "the function name of the check that must lose points", required=True),
    "diagnosis": Key(_is_codes, 'a code in quotes, a list of codes, or "" where none is expected', required=True),
    "costs": Key(lambda v: is_number(v) and v > 0, "the most points that it may cost, above 0", required=True),
    "edit": _EDITS,
}
_VARIANT: Mapping[str, Key] = {"what": _WHAT, "edit": _EDITS}
_EDIT: Mapping[str, Key] = {
    "file": Key(is_file_name, "a .py file of the package in quotes", required=True),
    "old": Key(lambda v: _is_block(v) and bool(v.strip()), "the text to replace", required=True),
    "new": Key(_is_block, "the text that takes its place", required=True),
}


@dataclass(frozen=True)
class Edit:
    """One replacement in one file of the package; `old` stands there exactly once."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """A wrong solution."""

    name: str
    file: Path
    what: str
    edits: tuple[Edit, ...]
    #: Its number in a list of known mistakes, or "".
    bug: str
    #: Function name of the check that must lose points.
    check: str
    #: Codes that are right; empty where no pattern is expected to be recognised.
    codes: tuple[str, ...]
    #: The most points that it may cost.
    costs: float


@dataclass(frozen=True)
class Variant:
    """A right solution in another style: edits of the solution, or a whole folder that holds the package."""

    name: str
    what: str
    edits: tuple[Edit, ...] = ()
    folder: Path | None = None


def mutants(assignment: Assignment) -> list[Mutant]:
    """The mutants of an assignment, by name.

    Raises:
        CourseError: a file is malformed, edits a file that the assignment does not own, or does not apply.
    """
    known = check_names(assignment)
    return [_mutant(file, assignment, known) for file in _toml(assignment.root / MUTANTS)]


def variants(assignment: Assignment) -> list[Variant]:
    """The correct variants that are written as edits of this assignment's files, by name.

    Raises:
        CourseError: as for `mutants`.
    """
    return [_variant(file, assignment) for file in _toml(assignment.root / CORRECT)]


def packages(assignment: Assignment) -> list[Variant]:
    """The whole correct packages of the course (folders in its folder `correct`) that have files of this assignment.

    Raises:
        CourseError: a folder there holds no package.
    """
    course = assignment.course
    root = course.root / CORRECT
    folders = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    for folder in folders:
        if not (folder / course.package).is_dir():
            raise CourseError(f"{folder}: holds no folder {course.package}/")
    covering = [f for f in folders if any((f / course.package / file).is_file() for file in assignment.files)]
    return [Variant(folder.name, "a whole package in another style", folder=folder) for folder in covering]


def apply(edits: Iterable[Edit], texts: Mapping[str, str], where: str) -> dict[str, str]:
    """The files (name -> text) after the edits, applied in order.

    Raises:
        CourseError: an edit does not apply exactly once; the message begins with `where`.
    """
    changed = dict(texts)
    for number, edit in enumerate(edits, 1):
        if edit.file not in changed:
            hint = did_you_mean(edit.file, changed)
            raise CourseError(f"{where}: edit {number}: the solution has no file {edit.file}{hint}")
        count = changed[edit.file].count(edit.old)
        if count != 1:
            first = edit.old.strip().splitlines()[0].strip()[:60]
            times = "does not stand" if count == 0 else f"stands {count} times"
            raise CourseError(f"{where}: edit {number}: `old` ({first!r}) {times} in {edit.file}; it must once")
        changed[edit.file] = changed[edit.file].replace(edit.old, edit.new)
    return changed


def solution(course: Course) -> dict[str, str]:
    """The files of the solution, by name relative to the package.

    Raises:
        CourseError: there are none, or one is unreadable.
    """
    package = course.reference / course.package
    try:
        texts = {path.relative_to(package).as_posix(): path.read_text("utf-8") for path in package.rglob("*.py")}
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{package}: cannot be read: {error}") from error
    if not texts:
        raise CourseError(f"{package}: holds no .py file; an audit needs the solution")
    return texts


def check_names(assignment: Assignment) -> set[str]:
    """Function names of the checks, read from their source."""
    names: set[str] = set()
    for group in assignment.groups:
        file = assignment.root / group.file
        try:
            tree = ast.parse(file.read_text("utf-8"))
        except (OSError, SyntaxError, ValueError) as error:
            raise CourseError(f"{file}: cannot be read: {error}") from error
        functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
        names.update(node.name for node in functions if node.name.startswith("test"))
    return names


def _toml(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.toml"))


def _mutant(file: Path, assignment: Assignment, known: set[str]) -> Mutant:
    values = checked(Place(file), read(file), _MUTANT)
    check = values["check"]
    if check not in known:
        raise CourseError(f"{file}: `check` names {check!r}, which {assignment.id} has not{did_you_mean(check, known)}")
    codes = values["diagnosis"]
    return Mutant(
        name=file.stem,
        file=file,
        what=values["what"],
        edits=_edits(file, values["edit"], assignment),
        bug=values.get("bug", ""),
        check=check,
        codes=tuple(codes) if isinstance(codes, list) else (codes,) if codes else (),
        costs=float(values["costs"]),
    )


def _variant(file: Path, assignment: Assignment) -> Variant:
    values = checked(Place(file), read(file), _VARIANT)
    return Variant(file.stem, values["what"], _edits(file, values["edit"], assignment))


def _edits(file: Path, tables: list[dict[str, Any]], assignment: Assignment) -> tuple[Edit, ...]:
    edits = []
    for number, table in enumerate(tables, 1):
        values = checked(Place(file, f"edit {number}"), table, _EDIT)
        if values["file"] not in assignment.files:
            owned = ", ".join(assignment.files)
            raise CourseError(f"{file}: edit {number} changes {values['file']}; {assignment.id} has: {owned}")
        edits.append(Edit(**values))
    apply(edits, solution(assignment.course), str(file))
    return tuple(edits)
