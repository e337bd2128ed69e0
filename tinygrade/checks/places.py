"""What a worker tells, taken as text at the most: bounded, cleaned, and places only in files that we know."""

from __future__ import annotations

from typing import Any

from tinygrade.text import LIMIT, clean


def told(value: Any, limit: int = LIMIT) -> str:
    """`value` as clean text; "" when it is no string."""
    return clean(value, limit) if type(value) is str else ""


def place(file: Any, line: Any, name: Any, files: frozenset[str]) -> str:
    """`file.py:line name` when `file` is one of the package's files, else ""."""
    if type(file) is not str or file not in files or type(line) is not int or line < 0:
        return ""
    name = told(name, limit=60)
    return f"{file}:{line}" + (f" {name}" if name and name != "<module>" else "")
