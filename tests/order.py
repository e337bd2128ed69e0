"""Which tests begin first. A run ends with its last test: whoever is left alone with a long one lets processors idle.

xdist gives each of its processes a piece of the list, and one that has nothing left takes from the end of another's
piece. So the long ones are dealt to the beginnings of the pieces, the dearest first.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TypeVar

#: Tests that take ten seconds or more, the dearest first; what is written here is the beginning of their names. None
#: that shares a fixture of its module with others: it would be made twice.
#: `scripts/test PATH -n 0 -p test_costs` tells what a test costs.
LONG = (
    *(f"tests/integration/test_audit.py::test_the_audit_is_clean[assignment{number}]" for number in (4, 5, 6, 2, 3, 1)),
    "tests/integration/test_audit.py::test_the_dearest",
    "tests/integration/test_recorded.py::test_both_ways_give_the_same",
    "tests/integration/test_budget.py::test_messages_without_end",
)

T = TypeVar("T")


def arranged(items: Sequence[T], names: Sequence[str], processes: int) -> list[T]:
    """The tests in the order in which they are to be handed out to this many processes.

    Args:
        names: of the items.
    """
    ranks = [next((rank for rank, long in enumerate(LONG) if name.startswith(long)), None) for name in names]
    long = [item for _, _, item in sorted((rank, i, items[i]) for i, rank in enumerate(ranks) if rank is not None)]
    short = iter([item for item, rank in zip(items, ranks, strict=True) if rank is None])
    hands = _dealt(long, processes)
    found: list[T] = []
    for hand, size in zip(hands, _pieces(len(items), processes), strict=True):
        found += hand
        found += itertools.islice(short, max(0, size - len(hand)))
    return [*found, *short]


def _dealt(items: Sequence[T], hands: int) -> list[list[T]]:
    """There and back again, so that nobody gets the dearest of every round."""
    dealt: list[list[T]] = [[] for _ in range(hands)]
    for number, item in enumerate(items):
        turn, place = divmod(number, hands)
        dealt[hands - 1 - place if turn % 2 else place].append(item)
    return dealt


def _pieces(count: int, processes: int) -> Iterator[int]:
    """How many tests each process gets of xdist's `worksteal`, in its order."""
    for left in range(processes, 0, -1):
        yield count // left
        count -= count // left
