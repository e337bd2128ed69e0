"""Which entries of an array are wrong, and by how much: what people see at once, and numbers hide.

Errors only, two digits of each, and in parts of the largest right entry: no expected value can be read off them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Rows and columns at the most; larger arrays are given in blocks, each of which shows its worst entry.
MOST = 32


@dataclass(frozen=True)
class ErrorMap:
    """The errors of one array as a table: the last axis across, all others down."""

    #: What was compared, as the message calls it.
    of: str
    #: Shape of the array.
    shape: tuple[int, ...]
    #: |yours - expected| / the largest |expected|; 0 for an entry that is right, None for one that is not finite.
    rows: tuple[tuple[float | None, ...], ...]

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> ErrorMap:
        return cls(tree["of"], tuple(tree["shape"]), tuple(tuple(row) for row in tree["rows"]))

    @property
    def block(self) -> tuple[int, int]:
        """Rows and columns of the array that one entry of the table stands for."""
        across = self.shape[-1]
        down = 1
        for size in self.shape[:-1]:
            down *= size
        return -(-down // MOST), -(-across // MOST)
