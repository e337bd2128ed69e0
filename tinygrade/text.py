"""Make untrusted text harmless for one kind of place: what students write must never steer a terminal or a log.

Everything here takes time linear in the text, because the text may be a megabyte that was made to be slow.
"""

from __future__ import annotations

import re
import sys
import unicodedata

#: Bytes (UTF-8) of one text that are shown; what a reader needs is in the first lines.
LIMIT = 2048
CUT = " [cut]"

# A string sequence (OSC, DCS, ...) ends at its terminator; its body holds no ESC and no C1, so that a text of
# many unfinished beginnings is not searched again from each of them.
_SEQUENCES = re.compile(
    r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b[ -/]+[0-~]"
    r"|\x1b[0-Z\\^-~]"
)
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# C0 and C1 except newline, DEL, bidi controls, invisible characters, and the tags block.
_CONTROLS = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_SURROGATES = re.compile(r"[\ud800-\udfff]")
# What the runners of GitHub and Azure obey in a log: `::name ...::` at the beginning of a line, after spaces or none,
# and `##[name ...]`, `##vso[...]` anywhere.
_COMMANDS = re.compile(r"^(\s*:)(?=:)|(##)(?=\[|\w+\[)")

#: Our own signs where the terminal's encoding has none for them.
_ASCII = str.maketrans(
    {
        **dict(zip("▁▂▃▄▅▆▇█", "__..--==", strict=True)),
        **{
            "→": "->",
            "−": "-",
            "–": "-",
            "—": "-",
            "…": "...",
            "×": "x",
            "·": ".",
            "±": "+-",
            "≤": "<=",
            "≥": ">=",
        },
        **{"“": '"', "”": '"', "‘": "'", "’": "'", "≈": "~", "∞": "inf", "│": "|", "✓": "ok", "√": "sqrt"},
    }
)


def clean(text: str, limit: int = LIMIT) -> str:
    """`text` without anything that steers a terminal, at most `limit` bytes long as UTF-8; newlines stay."""
    # Escape sequences may make up most of a text, so more than the limit is looked at, but not all of a megabyte.
    head = text[: 8 * limit]
    plain = _LINE_ENDS.sub("\n", head).replace("\t", "    ")
    plain = _SURROGATES.sub("\ufffd", _CONTROLS.sub("", _SEQUENCES.sub("", plain)))
    return _capped(plain, limit, cut=len(text) > len(head))


def clean_line(text: str, limit: int = LIMIT) -> str:
    """`clean` text on one line."""
    return " ".join(clean(text, limit).split())


def _capped(text: str, limit: int, cut: bool) -> str:
    data = text.encode("utf-8")
    if len(data) + cut * len(CUT) <= limit:
        return text + cut * CUT
    return data[: limit - len(CUT)].decode("utf-8", "ignore") + CUT


def for_terminal(text: str, encoding: str | None) -> str:
    """`text` in characters that `encoding` has: our signs as ASCII look-alikes, all others as `?`."""
    name = encoding or "ascii"
    try:
        text.encode(name)
    except UnicodeEncodeError:
        return text.translate(_ASCII).encode(name, "replace").decode(name, "replace")
    except LookupError:
        return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
    return text


def without_commands(line: str) -> str:
    """One line of a log without a command to the CI system that shows it: a terminal may be such a log."""
    return _COMMANDS.sub(lambda found: found[0] + " ", line)


def safe(text: str) -> str:
    """One message for standard error: clean, and in characters that it can take."""
    lines = "\n".join(map(without_commands, clean(text).split("\n")))
    return for_terminal(lines, getattr(sys.stderr, "encoding", None))


def cells(text: str) -> int:
    """How many columns of a terminal `text` takes: East Asian wide characters take two, marks none."""
    if text.isascii():
        return len(text)
    return sum(_cells(char) for char in text)


def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
