"""The pages of diagnoses as HTML: paragraphs, fenced code and code among words are all that they are written in.

Anything else that Markdown knows stays as it was typed, and HTML is text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tinygrade import sinks

if TYPE_CHECKING:
    from markupsafe import Markup

#: Bytes of one block; a page is a few hundred.
MOST = 1 << 14
_FENCE = re.compile(r"^```[^\n]*\n(.*?)^```[ ]*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")


def to_html(text: str) -> Markup:
    """A page's body."""
    from markupsafe import Markup

    # odd pieces are what stands between fences
    pieces = _FENCE.split(text[:MOST])
    return Markup("".join(_block(piece) if i % 2 else _paragraphs(piece) for i, piece in enumerate(pieces)))


def _block(code: str) -> str:
    return f'<pre tabindex="0"><code>{sinks.html(code.rstrip(), MOST)}</code></pre>'


def _paragraphs(text: str) -> str:
    found = (paragraph.strip() for paragraph in re.split(r"\n\s*\n", text))
    return "".join(f"<p>{_words(paragraph)}</p>" for paragraph in found if paragraph)


def _words(text: str) -> str:
    pieces = _CODE.split(text)
    shown = (sinks.html(piece, MOST) for piece in pieces)
    return "".join(f"<code>{piece}</code>" if i % 2 else piece for i, piece in enumerate(shown))
