"""Describe an exception of student code as plain data: its type, its text, and the places in their own files."""

from __future__ import annotations

import linecache
import traceback
from pathlib import Path
from typing import Any

MAX_TEXT = 2000
MAX_FRAMES = 12


def describe(error: BaseException, folder: Path) -> dict[str, Any]:
    """Type, message and the frames that lie in the student's folder, innermost last."""
    return {
        "type": type(error).__name__[:100],
        "message": _text(error)[:MAX_TEXT],
        "memory": isinstance(error, MemoryError),
        "exit": isinstance(error, SystemExit),
        "stub": isinstance(error, NotImplementedError),
        "frames": _syntax_frame(error, folder) or _frames(error, folder),
    }


def _text(error: BaseException) -> str:
    try:
        if isinstance(error, KeyError) and error.args:
            return repr(error.args[0])
        return str(error)
    except BaseException:  # student classes may break __str__
        return "(its text could not be read)"


def _frames(error: BaseException, folder: Path) -> list[list[Any]]:
    frames = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        name = _inside(code.co_filename, folder)
        if name:
            text = linecache.getline(code.co_filename, line).strip()
            frames.append([name, line, code.co_name[:100], text[:200]])
    return frames[-MAX_FRAMES:]


def _syntax_frame(error: BaseException, folder: Path) -> list[list[Any]]:
    if not isinstance(error, SyntaxError) or not isinstance(error.filename, str):
        return []
    name = _inside(error.filename, folder)
    return [[name, error.lineno or 1, "", (error.text or "").strip()[:200]]] if name else []


def _inside(filename: str, folder: Path) -> str:
    try:
        return Path(filename).relative_to(folder).as_posix()
    except ValueError:
        return ""
