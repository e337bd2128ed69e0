"""A text file that a user names, read whole: whatever is wrong with it is one clear message."""

from __future__ import annotations

from pathlib import Path

from tinygrade.errors import UsageError


def read(file: Path, kind: str, most_bytes: int) -> str:
    """The text of `file`, without a byte order mark.

    Args:
        kind: what it should be, for the message: "roster".
        most_bytes: more of them are no file of this kind.

    Raises:
        UsageError: it is not there, cannot be read, is larger or is not UTF-8.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(most_bytes + 1)
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from error
    if len(data) > most_bytes:
        raise UsageError(f"{file}: is larger than {most_bytes >> 20} MiB, which no {kind} is")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{file}:{line}: is not UTF-8 text (byte {error.start}): save it as UTF-8") from error
