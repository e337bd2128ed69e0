"""The catalogue of known mistakes: a page for people and rules for the grader under one stable code."""

from __future__ import annotations

import enum
import sys
import traceback
from bisect import insort
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrade.diagnosis.observations import (
    Curve,
    Observation,
    Prediction,
    TrajectoryMismatch,
    Unanswered,
    ValueMismatch,
)
from tinygrade.model import Diagnosis

#: A student's numbers equal those of a known-wrong formula when they differ by less than this share of the largest.
SAME = 1e-7


class Rank(enum.IntEnum):
    """In which order rules are asked; the first that sees something names the mistake."""

    #: Looks at a value of any kind: missing, wrong shape, not finite, all zero.
    STRUCTURE = 0
    #: Equality with a known-wrong formula under random inputs: the strongest evidence there is.
    FORMULA = 1
    #: A pattern of the difference. From here on the values are finite numbers in arrays of the expected shape, and
    #: not empty (those of a ValueMismatch may be infinite).
    PATTERN = 2
    #: Right under a simpler condition: asks both sides again.
    RERUN = 3


@dataclass(frozen=True)
class Page:
    """What people read about a diagnosis.

    Attributes:
        code: stable, kebab-case, such as `gradient-not-summed`.
        title: what was seen, in a few words.
        question: leads to the mistake without naming the mend.
        body: Markdown with a worked 2×2 example.
    """

    code: str
    title: str
    question: str
    body: str


@dataclass(frozen=True)
class Rule:
    """Sees one mistake in one kind of observation.

    Attributes:
        code: of the page that explains it.
        kind: class of the observations that it looks at.
        see: gives evidence (plain JSON values) when it recognises the mistake, else None.
        about: paths that it is limited to; empty for any.
    """

    code: str
    kind: type[Any]
    see: Callable[[Any], Mapping[str, Any] | None]
    rank: Rank = Rank.PATTERN
    about: tuple[str, ...] = ()


def looks_like(code: str, kind: type[Any], about: str, wrong: Callable[[Any], Any]) -> Rule:
    """A rule for a known-wrong formula.

    Args:
        wrong: from the observation to what such a mistake gives: an array like `expected` (or nested sequences of
            arrays for a trajectory); None where the formula does not apply, or does not differ from the right one.
    """

    def see(observation: Any) -> Mapping[str, Any] | None:
        claimed = wrong(observation)
        if claimed is None or same(claimed, observation.expected) or not same(claimed, observation.got):
            return None
        return {}

    return Rule(code, kind, see, Rank.FORMULA, (about,))


def same(a: Any, b: Any) -> bool:
    """Equal up to rounding, structure included; False for anything that is not numbers."""
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if not _is_numeric(a) or not _is_numeric(b) or np.shape(a) != np.shape(b):
        return False
    mine, theirs = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    scale = float(np.max(np.abs(theirs[np.isfinite(theirs)]), initial=0.0))
    return bool(np.allclose(mine, theirs, rtol=0.0, atol=SAME * scale + 1e-12, equal_nan=True))


def _is_numeric(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic | bool | int | float) and np.asarray(value).dtype.kind in "fiub"


class Catalogue:
    """All pages and rules of a run, from tinygrade and from plugins.

    Attributes:
        rehearses: this run looks for no mistakes, but for what would be asked about them: see `foresee`.
    """

    rehearses = False

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self._rules: list[Rule] = []

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules in the order in which they are asked."""
        return tuple(self._rules)

    def register(self, page: Page, *rules: Rule) -> None:
        """Add a page and the rules that lead to it.

        Raises:
            ValueError: the code is taken, or a rule has another code.
        """
        if page.code in self.pages:
            raise ValueError(f"the diagnosis {page.code!r} is registered twice")
        if wrong := [rule.code for rule in rules if rule.code != page.code]:
            raise ValueError(f"the page {page.code!r} comes with a rule for {wrong[0]!r}")
        self.pages[page.code] = page
        # of the same rank, what knows the op says more than what knows any
        for rule in rules:
            insort(self._rules, rule, key=lambda rule: (rule.rank, not rule.about))

    def foresee(self, observed: Callable[[], Iterator[Observation]]) -> None:
        """Hear what would be observed if the value that is right here were wrong: nothing to do but in a rehearsal."""

    def diagnose(self, observation: Observation) -> Diagnosis | None:
        """The first mistake that a rule recognises, or None."""
        for rule in self._asked(observation):
            try:
                with np.errstate(all="ignore"):  # a student's numbers may be of any size
                    evidence = rule.see(observation)
            except Unanswered:
                continue
            except Exception:  # a fault of ours: told in the log, and no reason to withhold a verdict
                print(f"diagnosis {rule.code} failed:", file=sys.stderr)
                traceback.print_exc()
                continue
            if evidence is not None:
                return Diagnosis(rule.code, dict(evidence))
        return None

    def _asked(self, observation: Observation) -> Iterator[Rule]:
        about = getattr(observation, "about", "")
        comparable = _is_comparable(observation)
        for rule in self._rules:
            if not isinstance(observation, rule.kind) or (rule.about and about not in rule.about):
                continue
            if comparable or rule.rank < Rank.PATTERN:
                yield rule


def _is_comparable(observation: Observation) -> bool:
    """Are the student's values finite arrays of the expected shape, with something in them?"""
    if isinstance(observation, TrajectoryMismatch | Curve | Prediction):
        return True
    got, expected = observation.got, observation.expected
    if not _is_numeric(got) or not _is_numeric(expected) or np.shape(got) != np.shape(expected) or not np.size(got):
        return False
    return bool(np.isfinite(np.asarray(got, dtype=np.float64)).all()) or isinstance(observation, ValueMismatch)
