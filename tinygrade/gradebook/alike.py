"""Work that is nearly the same, by its fingerprints: a place to look, never a verdict.

Courses such as these leave little freedom: two who follow the same formulas write lines that are alike. So what many
have in common counts for nothing, and what is told is how much of the rest is common.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from sqlalchemy import delete, insert, select

from tinygrade.gradebook.book import Entry
from tinygrade.gradebook.database import Database
from tinygrade.gradebook.schema import prints

#: A print that more than this many hold is common knowledge; a tenth of the class where that is more, within bounds
#: that keep the number of pairs small.
COMMON_LEAST, COMMON_SHARE, COMMON_MOST = 10, 0.1, 50
#: A pair is told when so much of what is its own of the smaller one is in the other, and so many prints at least:
#: each stands for about four tokens.
SHARE, LEAST = 0.6, 20
#: Pairs that are told.
TOLD = 25


@dataclass(frozen=True)
class Pair:
    """Two submissions (hashes of their content)."""

    first: str
    second: str
    #: Of the prints of the smaller one that few others have, from 0 to 1.
    share: float
    common: int


class PrintStore:
    """The prints of one assignment, by the hash of the content, of one method."""

    def __init__(self, database: Database, entry: Entry, method: str) -> None:
        self._database, self._entry, self._method = database, entry, method

    def known(self) -> set[str]:
        query = select(prints.c.sha256).where(prints.c.assignment_id == self._entry.id, prints.c.method == self._method)
        with self._database.reading() as connection:
            return set(connection.scalars(query))

    def keep(self, found: Mapping[str, bytes]) -> None:
        """Store prints by hash of the content, instead of those of another method."""
        if not found:
            return
        rows = [
            {"assignment_id": self._entry.id, "sha256": sha256, "method": self._method, "data": data}
            for sha256, data in found.items()
        ]
        with self._database.writing() as connection:
            here = prints.c.assignment_id == self._entry.id
            connection.execute(delete(prints).where(here, prints.c.method != self._method))
            connection.execute(insert(prints), rows)


def stored_prints(database: Database, entry: Entry, wanted: Iterable[str]) -> dict[str, array[int]]:
    """The prints of the contents that are `wanted`, where there are any."""
    needed = set(wanted)
    query = select(prints.c.sha256, prints.c.data).where(prints.c.assignment_id == entry.id)
    with database.reading() as connection:
        rows = connection.execute(query)
        return {sha256: array("I", data) for sha256, data in rows if sha256 in needed and len(data) % 4 == 0}


def alike(found: Mapping[str, Iterable[int]]) -> list[Pair]:
    """The pairs that have most in common, the most alike first."""
    holders: dict[int, list[str]] = {}
    for sha256 in sorted(found):
        for one in set(found[sha256]):
            holders.setdefault(one, []).append(sha256)
    most = min(COMMON_MOST, max(COMMON_LEAST, round(COMMON_SHARE * len(found))))
    own: Counter[str] = Counter()
    together: Counter[tuple[str, str]] = Counter()
    for members in holders.values():
        if len(members) <= most:
            own.update(members)
            together.update(combinations(members, 2))
    return sorted(_pairs(own, together), key=lambda pair: (-pair.share, -pair.common, pair.first))[:TOLD]


def _pairs(own: Counter[str], together: Counter[tuple[str, str]]) -> Iterator[Pair]:
    for (first, second), common in together.items():
        share = common / min(own[first], own[second])
        if common >= LEAST and share >= SHARE:
            yield Pair(first, second, share, common)
