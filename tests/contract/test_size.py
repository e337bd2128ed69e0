"""Files and functions stay small enough to be read at once."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 50

FILES = sorted(
    file.relative_to(ROOT).as_posix()
    for folder in ("tinygrade", "reference")
    for file in (ROOT / folder).rglob("*.py")
)


def functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


@pytest.mark.parametrize("file", FILES)
def test_files_and_functions_are_short(file):
    source = (ROOT / file).read_text("utf-8")
    assert len(source.splitlines()) <= MAX_FILE_LINES, "split the file by what it is about"
    found = functions(ast.parse(source))
    long = [f"{f.name} ({length(f)} lines)" for f in found if length(f) > MAX_FUNCTION_LINES]
    assert not long, f"longer than {MAX_FUNCTION_LINES} lines"


@pytest.mark.parametrize("file", FILES)
def test_files_say_why_they_exist(file):
    assert ast.get_docstring(ast.parse((ROOT / file).read_text("utf-8"))), "the module has no docstring"
