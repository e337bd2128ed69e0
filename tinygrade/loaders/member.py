"""One entry of an archive, whatever its format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Member:
    """One entry of an archive, as its table says; nothing of it is believed until it was read."""

    name: str
    #: As in `stat`: file, folder or something else.
    mode: int
    size: int
    #: Bytes that it takes in the archive, or None where it is not packed by itself.
    packed: int | None
    #: What forbids to read it, such as a password; "" when nothing does.
    problem: str
    #: At most this many bytes of it.
    read: Callable[[int], bytes]
