"""What a worker tells, taken as text at the most: bounded, cleaned, and places only in files that we know."""

from __future__ import annotations

import re
from pathlib import Path
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


def innermost(frames: Any, files: frozenset[str]) -> str:
    """The place of the last of an exception's frames, as `worker.failures` tells them."""
    if type(frames) is list and frames and type(frames[-1]) is list and len(frames[-1]) == 4:
        file, line, function, _ = frames[-1]
        return place(file, line, function, files)
    return ""


def in_stack(stack: str, folder: Path, files: frozenset[str]) -> str:
    """The innermost place of the student's own in faulthandler's text."""
    for file, line, function in re.findall(r'File "([^"\n]{1,500})", line (\d{1,7}) in (\S{1,100})', stack):
        found = place(relative(file, folder), int(line), function, files)
        if found:
            return found
    return ""


def relative(file: Any, folder: Path) -> str:
    """`file` below the package's folder, or ""."""
    prefix = f"{folder}/"
    return file[len(prefix) :] if type(file) is str and file.startswith(prefix) else ""
