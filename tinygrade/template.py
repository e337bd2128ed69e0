"""Make the student's template from the reference by taking the solutions out.

In the reference, a block

    # BEGIN SOLUTION A3.1: the lower triangle, aligned at the lower right
    ...
    # END SOLUTION

becomes, inside a function, `raise NotImplementedError("A3.1: the lower triangle, ...")`. At indentation 0 it is
deleted: helpers and imports that only the solution needs. So reference and template cannot drift apart.
"""

from __future__ import annotations

import ast
import json
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinygrade.errors import CourseError, UsageError
from tinygrade.model import Course

_BEGIN = re.compile(r"( *)# BEGIN SOLUTION(?: (?P<text>\S.*))?")
#: A stub names its task, so that handout, stub and check speak of the same thing.
_TASK = re.compile(r"A\d+\.\d+: \S")
_END = re.compile(r"( *)# END SOLUTION")
#: What somebody meant as a marker: a mistyped one would publish the solution.
_ALMOST = re.compile(r"\s*#+\W*(begin|end|start)\b.*\bsol", re.IGNORECASE)
#: Left in folders by Python and by editors; never part of a template.
_LITTER = ("__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".DS_Store")


# ---- one file --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Block:
    """A solution: the indices of its two marker lines."""

    first: int
    last: int
    indent: str
    text: str


def strip(source: str, path: str) -> str:
    """`source` without its solutions; `path` is named in errors.

    Raises:
        CourseError: markers are unbalanced, nested, mistyped or misplaced; the message names file and line.
    """
    lines = source.split("\n")
    kept: list[str] = []
    position = 0
    for block in _blocks(lines, path):
        kept += lines[position : block.first]
        if block.indent:
            kept.append(f"{block.indent}raise NotImplementedError({json.dumps(block.text, ensure_ascii=False)})")
        position = block.last + 1
    stripped = _tidy(kept + lines[position:])
    _verify(stripped, path)
    return stripped


def _blocks(lines: list[str], path: str) -> list[_Block]:
    found: list[_Block] = []
    opened: _Block | None = None
    for index, line in enumerate(lines):
        if begin := _BEGIN.fullmatch(line.rstrip()):
            if opened:
                raise _error(path, index, f"a solution begins inside the one of line {opened.first + 1}")
            opened = _Block(index, index, begin[1], begin["text"] or "")
            if opened.indent and not _TASK.match(opened.text):
                raise _error(path, index, "a solution in a function names its task: # BEGIN SOLUTION A3.1: ...")
        elif end := _END.fullmatch(line.rstrip()):
            if opened is None or end[1] != opened.indent:
                raise _error(path, index, "no solution begins at this indentation above")
            found.append(_Block(opened.first, index, opened.indent, opened.text))
            opened = None
        elif _ALMOST.match(line):
            raise _error(path, index, f"looks like a marker and is none: {line.strip()!r}")
    if opened:
        raise _error(path, opened.first, "the solution that begins here does not end")
    return found


def _tidy(lines: list[str]) -> str:
    """No more than two blank lines in a row, where a block was deleted, and one newline at the end."""
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    return re.sub(r"\n{4,}", "\n\n\n", text) + "\n" if text else ""


def _verify(stripped: str, path: str) -> None:
    """What is left must be Python whose stubs stand in functions: elsewhere they would end the import."""
    try:
        tree = ast.parse(stripped)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 0
        raise CourseError(f"{path}: without its solutions, line {line} is not Python: {error}") from error
    functions = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    inside = {id(node) for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and "NotImplementedError" in ast.unparse(node) and id(node) not in inside:
            raise CourseError(f"{path}: {ast.unparse(node)} would stand outside a function; indent 0 deletes")


def _error(path: str, index: int, problem: str) -> CourseError:
    return CourseError(f"{path}:{index + 1}: {problem}")


# ---- the whole package -----------------------------------------------------------------------------


def generate(course: Course) -> dict[str, str]:
    """The template's package: path relative to the template's folder -> text.

    Raises:
        CourseError: the reference is missing, unreadable or wrongly marked.
    """
    return {name: strip(source, str(course.reference / name)) for name, source in _reference(course)}


def write_template(course: Course) -> list[str]:
    """Bring the template's package up to date; gives what changed. Other files in the folder are left alone."""
    changes = is_current(course)
    expected = generate(course)
    for name in changes:
        target = course.template / name
        if name in expected:
            _write(target, expected[name].encode())
        else:
            target.unlink()
    return changes


def is_current(course: Course) -> list[str]:
    """The generated files (relative to the template) that are missing, outdated or too many; empty when none."""
    expected = generate(course)
    present = {f.relative_to(course.template).as_posix(): f for f in _modules(course.template / course.package)}
    outdated = (name for name, text in expected.items() if not _holds(present.get(name), text))
    return sorted({*outdated, *(present.keys() - expected.keys())})


def solution_lines(course: Course) -> frozenset[str]:
    """Lines that stand in solutions only: what must not be found in anything that students get."""
    return frozenset().union(*solution_lines_by_file(course).values())


def solution_lines_by_file(course: Course) -> dict[str, frozenset[str]]:
    """The same, by file of the package (relative to its folder)."""
    secret: dict[str, set[str]] = {}
    public: set[str] = set()
    for name, source in _reference(course):
        mine = secret.setdefault(name.removeprefix(f"{course.package}/"), set())
        lines = source.split("\n")
        inside = set[int]()
        for block in _blocks(lines, name):
            inside.update(range(block.first + 1, block.last))
        for index, line in enumerate(lines):
            (mine if index in inside else public).add(line.strip())
    return {
        name: frozenset(line for line in lines - public if line and not line.startswith("#"))
        for name, lines in secret.items()
    }


def _reference(course: Course) -> Iterator[tuple[str, str]]:
    files = _modules(course.reference / course.package)
    if not files:
        raise CourseError(f"{course.reference / course.package}: holds no .py file to make the template from")
    for file in files:
        try:
            yield file.relative_to(course.reference).as_posix(), file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CourseError(f"{file}: cannot be read: {error}") from error


def _modules(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*.py") if file.is_file())


def _holds(file: Path | None, text: str) -> bool:
    return file is not None and file.read_text("utf-8", errors="replace") == text


# ---- a student's folder ----------------------------------------------------------------------------


def init_student_folder(course: Course, directory: Path) -> tuple[list[str], list[str]]:
    """Copy the template to `directory`, file by file; gives (written, left alone because it was there).

    Raises:
        CourseError: the course has no template.
        UsageError: the folder cannot be written.
    """
    files = [f for f in sorted(course.template.rglob("*")) if f.is_file() and not _is_litter(f)]
    if not any(file.suffix == ".py" for file in files):
        raise CourseError(f"{course.template}: holds no template of {course.package}")
    written: list[str] = []
    left_alone: list[str] = []
    for file in files:
        name = file.relative_to(course.template)
        try:
            new = _write(directory / name, file.read_bytes(), replace=False)
        except OSError as error:
            raise UsageError(f"{directory / name}: cannot be written: {error.strerror}") from error
        (written if new else left_alone).append(name.as_posix())
    return written, left_alone


def _is_litter(file: Path) -> bool:
    return file.suffix == ".pyc" or any(part in _LITTER for part in file.parts)


def _write(target: Path, content: bytes, replace: bool = True) -> bool:
    """Write a file that is there whole or not at all; False when it was there and stays."""
    if not replace and os.path.lexists(target):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".tinygrade-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.chmod(name, 0o644)  # mkstemp allows the owner only
        return _put(name, target, replace)
    finally:
        Path(name).unlink(missing_ok=True)


def _put(name: str, target: Path, replace: bool) -> bool:
    if replace:
        os.replace(name, target)
        return True
    try:
        os.link(name, target)  # unlike a rename, it never overwrites
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        os.rename(name, target)
    return True
