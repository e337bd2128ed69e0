"""Pages are Markdown files: `## code: title`, a question quoted with >, and the body."""

from __future__ import annotations

import re
from pathlib import Path

from tinygrade.diagnosis.catalogue import Page

_HEADING = re.compile(r"^## ([a-z0-9]+(?:-[a-z0-9]+)*): (.+)$", re.MULTILINE)


def read_pages(file: Path) -> list[Page]:
    """The pages in one file.

    Raises:
        ValueError: a page has no question or no body.
    """
    pieces = _HEADING.split(file.read_text("utf-8"))[1:]
    return [_page(*pieces[i : i + 3]) for i in range(0, len(pieces), 3)]


def _page(code: str, title: str, text: str) -> Page:
    lines = text.strip().splitlines()
    quoted = [line.removeprefix(">").strip() for line in lines if line.startswith("> ")]
    body = "\n".join(line for line in lines if not line.startswith("> ")).strip()
    if not quoted or not body:
        raise ValueError(f"the page {code!r} needs a question, quoted with >, and a body")
    return Page(code, title, " ".join(quoted), body)
