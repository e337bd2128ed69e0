"""What each check of an assignment depends on by itself, so that a change of one leaves the results of others standing.

A test function of a check file stands apart where nothing else in the course knows its name: its source then decides
about it, and all other lines, its neighbours' helpers among them, about everybody. What checks share while they run
is seen where they run (`checks/reuse.py`).
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from tinygrade.coordinator.fingerprint import digest, files
from tinygrade.model import Assignment

#: The key of what every check depends on.
SHARED = ""
#: Uses of a function in a file that is no check file: neither a definition of its own nor a name between quotes.
_TEST = re.compile(r"(?<!def )(?<![\w\"'])test_\w+")


@dataclass(frozen=True)
class Split:
    """One check file."""

    #: Its lines without those below, and without empty ones.
    shared: str
    #: Source by name of the test function, decorators included.
    checks: Mapping[str, str]


def prints(assignment: Assignment, versions: Mapping[str, str] | None = None) -> dict[str, str]:
    """Hashes by id of the check (`test_file.py::test_function`), and the one under `SHARED` for all others.

    Args:
        versions: of plugins and whatever else all results depend on.
    """
    check_files = sorted({assignment.root / group.file for group in assignment.groups})
    others = [(name, file) for name, file in files(assignment) if file not in check_files]
    known = {name for _, file in others if file.suffix == ".py" for name in _TEST.findall(_text(file))}
    known.update(*(_identifiers(_text(file)) for file in check_files))
    twice = {name for name, times in Counter(file.name for file in check_files).items() if times > 1}
    splits = {file: split(_text(file), known, file.name in twice) for file in check_files}
    parts = [part for name, file in others for part in (name.encode(), file.read_bytes())]
    parts += [part for file, found in splits.items() for part in (file.name.encode(), found.shared.encode())]
    shared = digest([*parts, json.dumps(versions or {}, sort_keys=True).encode()])
    found = {SHARED: shared}
    for file, one in splits.items():
        for name, source in one.checks.items():
            found[f"{file.name}::{name}"] = hashlib.sha256(f"{shared} {source}".encode()).hexdigest()
    return found


def split(text: str, known: Collection[str] = (), whole: bool = False) -> Split:
    """The test functions that can change by themselves, and everything else.

    Args:
        known: names that something else refers to: such a function does not stand apart.
        whole: nothing does.
    """
    tree = _tree(text)
    if tree is None or whole:
        return Split(text, {})
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    times = Counter(node.name for node in functions)
    lines = text.splitlines()
    checks = {}
    for node in functions:
        if node.name in known or times[node.name] > 1 or not _is_plain(node):
            continue
        first, last = min([node.lineno, *(d.lineno for d in node.decorator_list)]), node.end_lineno or node.lineno
        checks[node.name] = "\n".join(lines[first - 1 : last])
        lines[first - 1 : last] = [""] * (last - first + 1)
    return Split("\n".join(line for line in lines if line.strip()), checks)


def _is_plain(node: ast.FunctionDef) -> bool:
    """Do its decorators only mark it, so that loading it does nothing to its neighbours?"""
    marks = all(ast.unparse(decorator).startswith("pytest.mark.") for decorator in node.decorator_list)
    loaded = [*node.decorator_list, node.args, *([node.returns] if node.returns else [])]
    return marks and not any(isinstance(part, ast.NamedExpr) for tree in loaded for part in ast.walk(tree))


def _identifiers(text: str) -> set[str]:
    """Names that code in `text` uses; a name between quotes is none."""
    found = set()
    tree = _tree(text)
    for node in ast.walk(tree) if tree is not None else ():
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                found.add(name)
    return found


def _tree(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "replace")
