"""The checks of a course by name, read from the source of their files: what `repro CHECK` may mean.

Nothing is imported. Whether a check may be shown is decided where it runs.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinygrade.config import load_assignment
from tinygrade.errors import CourseError, UsageError, UserError, did_you_mean
from tinygrade.model import Course

#: A function that is a check, at the start of a line.
_FUNCTION = re.compile(rb"^def (test_\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Listed:
    """One check: a test function of a group's file."""

    assignment: str
    #: File name and function name: together the check's id.
    file: str
    function: str
    #: Tasks of the handout that its marks name.
    tasks: frozenset[str]
    #: It lies in a folder `hidden` or is marked so.
    hidden: bool

    @property
    def id(self) -> str:
        return f"{self.file}::{self.function}"

    def answers_to(self, name: str) -> bool:
        """Is `name` its function (with or without `test_`), its id, or one of its tasks?"""
        names = {self.function, self.function.removeprefix("test_"), self.id}
        return name in names or name.upper() in {task.upper() for task in self.tasks}


def read(course: Course) -> list[Listed]:
    """All checks of the course, in course order.

    Raises:
        CourseError: an assignment or the file of a group cannot be read.
    """
    return [check for name in course.assignments for check in _of_assignment(course, name)]


def find(course: Course, name: str) -> list[Listed]:
    """The checks of one assignment that `name` means: a function, a task such as A3.1, an id, or one of these
    behind an assignment and a slash.

    Raises:
        UsageError: there is none, or there are some in several assignments.
    """
    within, _, rest = name.rpartition("/")
    if within and within not in course.assignments:
        hint = did_you_mean(within, course.assignments) or "; there are: " + ", ".join(course.assignments)
        raise UsageError(f"there is no assignment {within!r}{hint}")
    rest = rest.partition("[")[0]  # a case is no check of its own
    known = [check for check in read(course) if within in ("", check.assignment)]
    found = [check for check in known if check.answers_to(rest)]
    if not found:
        raise UsageError(f"there is no check {name!r}{_suggestion(rest, known)}")
    owners = list(dict.fromkeys(check.assignment for check in found))
    if len(owners) > 1:
        choices = " or ".join(f"{owner}/{rest}" for owner in owners)
        raise UsageError(f"{name!r} is a check of several assignments: say {choices}")
    return found


def shared_names(course: Course) -> set[str]:
    """Functions that are checks of more than one assignment: alone they name none.

    By a look at the text, because each check asks; a name too many here only makes a command longer. An assignment that
    cannot be read has no checks here: it is no reason why another one could not be graded.
    """
    owners: dict[bytes, set[str]] = {}
    for name in course.assignments:
        with contextlib.suppress(UserError, OSError):
            assignment = load_assignment(course, name)
            for group in assignment.groups:
                for function in _FUNCTION.findall((assignment.root / group.file).read_bytes()):
                    owners.setdefault(function, set()).add(name)
    return {function.decode() for function, found in owners.items() if len(found) > 1}


def _suggestion(name: str, known: Sequence[Listed]) -> str:
    shown = [check for check in known if not check.hidden]
    words = [word for check in shown for word in (check.function, check.function.removeprefix("test_"), *check.tasks)]
    hint = did_you_mean(name, words)
    return hint or "; it takes a function such as test_add, a task such as A1.1, or an id"


def _of_assignment(course: Course, name: str) -> Iterator[Listed]:
    assignment = load_assignment(course, name)
    for group in assignment.groups:
        yield from _of_file(name, assignment.root / group.file)


def _of_file(assignment: str, file: Path) -> Iterator[Listed]:
    try:
        tree = ast.parse(file.read_bytes(), str(file))
    except (OSError, SyntaxError, ValueError) as error:
        raise CourseError(f"{file}: cannot be read: {error}") from error
    of_all = [mark for node in tree.body if _is_pytestmark(node) for mark in ast.walk(node)]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            own = [mark for decorator in node.decorator_list for mark in ast.walk(decorator)]
            hidden = "hidden" in file.parts or any(map(_hides, own + of_all))
            # the closest mark counts, as in pytest
            tasks = frozenset(_tasks(own)) or frozenset(_tasks(of_all))
            yield Listed(assignment, file.name, node.name, tasks, hidden)


def _is_pytestmark(node: ast.stmt) -> bool:
    """Does it give marks to all tests of the file?"""
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in targets)


def _hides(mark: ast.AST) -> bool:
    return isinstance(mark, ast.Attribute) and mark.attr == "hidden"


def _tasks(marks: Sequence[ast.AST]) -> Iterator[str]:
    for node in marks:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "task":
            yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))
