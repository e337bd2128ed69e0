"""Mistakes that show as an exception: what numpy and Python say is often enough to name them."""

from __future__ import annotations

import re

#: Code, and what the message of the exception begins with or holds. The first that matches is told.
PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("recursion-limit", re.compile(r"^RecursionError\b")),
    ("gradient-missing", re.compile(r"^\w+: .*does not require (a )?grad")),
    (
        "shapes-do-not-fit",
        re.compile(
            r"^ValueError: .*(could not be broadcast|cannot be broadcast|could not broadcast|does not broadcast"
            r"|shape mismatch|mismatch in its core dimension|shapes .* not aligned|cannot reshape array"
            r"|axes don't match array|inhomogeneous shape)"
        ),
    ),
    ("shapes-do-not-fit", re.compile(r"^AxisError\b")),
)


#: What a gradient check puts in front: which of its calls it was.
_LABEL = re.compile(r"^\(.*\) (?=\w+: )")


def recognised(message: str) -> str:
    """The code of the mistake behind an exception of student code (`Type: text`), or ""."""
    first = _LABEL.sub("", message.partition("\n")[0])
    return next((code for code, pattern in PATTERNS if pattern.search(first)), "")


CODES = frozenset(code for code, _ in PATTERNS)
