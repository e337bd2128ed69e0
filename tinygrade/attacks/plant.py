"""Write the submission of an attack: the solved package, with a payload planted in one of its functions.

The solution is parsed here, never a submission. A payload may use the name `attack`: the facts that a real attacker
would have to find out, and `attack.worked(what)`, which leaves a file, a connection and a printed line if it can.
"""

from __future__ import annotations

import ast
import shutil
from collections.abc import Mapping
from pathlib import Path

from tinygrade.attacks.attack import Attack
from tinygrade.errors import CourseError
from tinygrade.model import Assignment

#: Printed by a payload that reached what it must not reach.
SIGN = "ATTACK-WORKED"

PRELUDE = '''
class attack:
    {facts}

    @staticmethod
    def worked(what):
        import os
        try:
            os.write(1, ("{sign} " + what + "\\n").encode())
        except OSError:
            pass
        try:
            with open(os.path.join(attack.canary, "worked"), "a") as file:
                file.write(what)
        except OSError:
            pass
'''


def plant(attack: Attack, assignment: Assignment, facts: Mapping[str, str | int], folder: Path) -> None:
    """Write the submission into the empty folder `folder`.

    Raises:
        CourseError: the solution has no such place; the attacks are written for the course that comes with tinygrade.
    """
    course = assignment.course
    package = folder / course.package
    shutil.copytree(course.reference / course.package, package, ignore=shutil.ignore_patterns("__pycache__"))
    module, _, name = attack.place.partition(".")
    file = package / f"{module}.py"
    if not file.is_file():
        raise CourseError(f"attack {attack.name}: the solution has no {file.name}")
    source = file.read_text("utf-8")
    planted = _planted(source, name, attack)
    file.write_text(_with_prelude(planted, facts), "utf-8")
    for relative, text in attack.files.items():
        target = folder / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_with_prelude(text, facts) if target.suffix == ".py" and _parses(text) else text, "utf-8")


def _parses(source: str) -> bool:
    """Some attacks are on whoever reads the source."""
    try:
        ast.parse(source)
    except (SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _planted(source: str, name: str, attack: Attack) -> str:
    if not name:
        return _insert(source, _after_header(source), 0, attack.payload)
    function = _find(ast.parse(source), name)
    if function is None:
        raise CourseError(f"attack {attack.name}: the solution has no {attack.place}")
    body = function.body
    is_docstring = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    first = body[1] if is_docstring and len(body) > 1 else body[0]
    return _insert(source, first.lineno - 1, first.col_offset, attack.payload)


def _find(tree: ast.AST, name: str) -> ast.FunctionDef | None:
    head, _, rest = name.partition(".")
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef) and node.name == head and not rest:
            return node
        if isinstance(node, ast.ClassDef) and node.name == head:
            return _find(node, rest)
    return None


def _after_header(source: str) -> int:
    """The line below docstring and `from __future__`, which must come first."""
    line = 0
    for node in ast.parse(source).body:
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not future and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            break
        line = node.end_lineno or line
    return line


def _with_prelude(source: str, facts: Mapping[str, str | int]) -> str:
    lines = "\n    ".join(f"{name} = {value!r}" for name, value in facts.items())
    return _insert(source, _after_header(source), 0, PRELUDE.format(facts=lines, sign=SIGN))


def _insert(source: str, line: int, indent: int, payload: str) -> str:
    lines = source.splitlines(keepends=True)
    added = [" " * indent + text + "\n" if text.strip() else "\n" for text in payload.strip("\n").splitlines()]
    return "".join([*lines[:line], *added, *lines[line:]])
