"""Text that a student wrote, made safe to carry: bounded and without control characters."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

#: ANSI and OSC sequences, which would leave printable rests behind when only ESC is dropped.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
MAX_TEXT = 2048


def clean(text: Any, limit: int = MAX_TEXT) -> str:
    """`text` without escape sequences, control, format (bidi) and surrogate characters, cut to `limit`.

    Newlines and tabs stay. What is not a string becomes "".
    """
    if type(text) is not str:
        return ""
    text = _ESCAPES.sub("", text[: 4 * limit])
    kept = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))
    return kept if len(kept) <= limit else kept[: limit - 4] + " ..."


def place(file: Any, line: Any, name: Any, files: frozenset[str]) -> str:
    """`file.py:line name` when `file` is one of the package's files, else ""."""
    if type(file) is not str or file not in files or type(line) is not int or line < 0:
        return ""
    name = clean(name, limit=60)
    return f"{file}:{line}" + (f" {name}" if name and name != "<module>" else "")
