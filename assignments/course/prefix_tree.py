"""What a model can know of the next character: entropies, ties and the ceiling, all computed from the data.

A causal model sees only the prefix. "A" is followed by A (AAAA) and by B (ABCD, AB), so no model can be
right about all of them: the tree of prefixes says how good the best one is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from math import log

from .strings import END, MAX_LEN, VOCABULARY

#: (input characters up to and including this position, position) -> what a model may look at.
Context = Callable[[tuple[str, ...], int], Hashable]


class PrefixTree:
    """The conditional distribution of the next character, for strings drawn uniformly."""

    def __init__(self, strings: Sequence[str], max_len: int = MAX_LEN) -> None:
        self.strings = tuple(strings)
        self.positions = max_len - 1
        self._next: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for string in self.strings:
            for i in range(1, len(string) + 1):
                self._next[string[:i]][string[i : i + 1]] += 1

    def distribution(self, prefix: str) -> dict[str, float]:
        """Probability of each next character, "" being the end; empty for a prefix of no string."""
        counts = self._next.get(prefix, Counter())
        return {char: count / counts.total() for char, count in counts.items()}

    def probability(self, prefix: str, char: str) -> float:
        """Probability of one next character; 0 where it never follows."""
        return self.distribution(prefix).get(char, 0.0)

    def entropy_floor(self, pad_masked: bool = False) -> float:
        """Lowest expected loss of a causal model, nats per position.

        All positions count, as in the seed's loss, or only those whose target is a character.
        """
        if not pad_masked:
            total = sum(_nats(counts) for counts in self._next.values())
            return total / (self.positions * len(self.strings))
        masked = [Counter({c: n for c, n in counts.items() if c != END}) for counts in self._next.values()]
        return sum(map(_nats, masked)) / sum(counts.total() for counts in masked)

    def ceiling(self, cases: Iterable[str]) -> int:
        """The most cases that one choice of a next character per prefix gets fully right.

        A case asks for its characters only, not for its end: AB and ABCD can both be right.
        """
        cases = list(cases)
        return sum(self._best_below(first, cases) for first in {case[0] for case in cases})

    def _best_below(self, prefix: str, cases: list[str]) -> int:
        """Most cases right among those that begin with the prefix, given that the prefix is right."""
        longer = {case[: len(prefix) + 1] for case in cases if case.startswith(prefix) and case != prefix}
        return cases.count(prefix) + max((self._best_below(child, cases) for child in longer), default=0)

    def tied_cases(self, cases: Iterable[str]) -> tuple[str, ...]:
        """Cases that a perfectly trained model gets right or wrong by the toss of a coin."""
        return tuple(case for case in cases if self._is_tied(case))

    def _is_tied(self, case: str) -> bool:
        """At no position another character is likelier, and at one at least another is as likely."""
        tied = False
        for prefix, char in decisive(case):
            rivals = self.distribution(prefix)
            own = rivals.pop(char, 0.0)
            if any(p > own for p in rivals.values()):
                return False
            tied = tied or own in rivals.values()
        return tied


def decisive(string: str) -> list[tuple[str, str]]:
    """(prefix, next character) at each position whose target is not padding."""
    return [(string[:i], string[i]) for i in range(1, len(string))]


def conditional_entropy(strings: Sequence[str], context: Context, max_len: int = MAX_LEN) -> float:
    """Lowest expected loss, nats per position, of a model that sees only `context` of its input."""
    seen: defaultdict[Hashable, Counter[str]] = defaultdict(Counter)
    for string in strings:
        padded = (*string, *(END,) * (max_len - len(string)))
        for i in range(max_len - 1):
            seen[context(padded[: i + 1], i)][padded[i + 1]] += 1
    return sum(map(_nats, seen.values())) / (len(strings) * (max_len - 1))


def uniform_entropy() -> float:
    """Loss of a model that knows nothing: ln 31."""
    return log(len(VOCABULARY))


def unigram_entropy(strings: Sequence[str]) -> float:
    """Loss of a model that knows how frequent each character is."""
    return conditional_entropy(strings, lambda seen, i: None)


def position_entropy(strings: Sequence[str]) -> float:
    """Loss of a model that knows the position only."""
    return conditional_entropy(strings, lambda seen, i: i)


def previous_character_entropy(strings: Sequence[str]) -> float:
    """Loss of a model that knows the previous character only: a bigram table."""
    return conditional_entropy(strings, lambda seen, i: seen[-1])


def position_and_previous_entropy(strings: Sequence[str]) -> float:
    """Loss of a model that knows the position and the previous character."""
    return conditional_entropy(strings, lambda seen, i: (i, seen[-1]))


def _nats(counts: Counter[str]) -> float:
    """Entropy of a count table times its total."""
    total = counts.total()
    return sum(n * log(total / n) for n in counts.values())
