"""Misses of the prediction test: what the answer is instead of the right one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinygrade.diagnosis.catalogue import Rank, Rule
from tinygrade.diagnosis.observations import Prediction

from ..strings import SEED_STRINGS


def _copy(seen: Prediction) -> Mapping[str, Any] | None:
    """Every character is answered by itself."""
    copied = seen.input[: len(seen.expected)]
    return {"copied": copied} if seen.got == copied != seen.expected else None


def _shifted(seen: Prediction) -> Mapping[str, Any] | None:
    for shift in (1, 2):
        late = seen.expected[shift:]
        if len(late) >= 2 and seen.got[: len(late)] == late and seen.got != seen.expected:
            return {"ahead_by": shift}
    return None


def _cut(seen: Prediction) -> Mapping[str, Any] | None:
    if seen.got and seen.expected.startswith(seen.got) and len(seen.got) < len(seen.expected):
        return {"right": len(seen.got), "of": len(seen.expected)}
    return None


def _constant(seen: Prediction) -> Mapping[str, Any] | None:
    letters = set(seen.got)
    if len(letters) == 1 and len(seen.got) > 1 and set(seen.expected) != letters:
        return {"always": seen.got[0]}
    return None


def _alike(seen: Prediction) -> Mapping[str, Any] | None:
    """The answer is how another string of the data goes on that begins alike."""
    answered = seen.input[:1] + seen.got
    others = [s for s in SEED_STRINGS if s != seen.input and s[:1] == seen.input[:1]]
    if seen.got and any(other.startswith(answered) or answered.startswith(other) for other in others):
        return {"answered": answered}
    return None


def _nothing(seen: Prediction) -> Mapping[str, Any] | None:
    return {} if not seen.got and seen.expected else None


def _rule(code: str, see: Any) -> Rule:
    return Rule(code, Prediction, see, Rank.PATTERN)


RULES: list[Rule] = [
    _rule("prediction-empty", _nothing),
    _rule("prediction-begins-alike", _alike),
    _rule("prediction-copies-input", _copy),
    _rule("prediction-shifted", _shifted),
    _rule("prediction-cut-short", _cut),
    _rule("prediction-constant", _constant),
]
