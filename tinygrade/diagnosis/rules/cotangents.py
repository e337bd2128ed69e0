"""What becomes of the incoming gradient: not used, passed on as it came, replaced by its mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrade.diagnosis.arrays import close, is_float_array, is_generic, peak
from tinygrade.diagnosis.catalogue import Rank, Rule
from tinygrade.diagnosis.observations import GradientMismatch

Evidence = Mapping[str, Any] | None


def passed_through(seen: GradientMismatch) -> Evidence:
    """The gradient is the incoming one, unchanged."""
    got, g = np.asarray(seen.got), np.asarray(seen.cotangent)
    return {} if got.shape == g.shape and is_generic(g) and close(got, g) else None


def not_used(seen: GradientMismatch) -> Evidence:
    """The gradient is what it would be for an incoming gradient of ones: told from an entry-by-entry product."""
    got, g = np.asarray(seen.got), np.asarray(seen.cotangent)
    if g.size == 1:
        g = g.reshape(())
    elif g.shape != got.shape or not is_generic(g):
        return None
    return {} if peak(got) and close(got * g, seen.expected) else None


def not_used_again(seen: GradientMismatch) -> Evidence:
    """Another incoming gradient changes nothing, or only by its mean or sum."""
    g = np.asarray(seen.cotangent)
    if seen.rerun is None or not is_float_array(seen.got) or not peak(seen.got):
        return None
    again = seen.rerun(seen.inputs)
    if again is None or not is_float_array(again.got) or np.shape(again.got) != np.shape(seen.got):
        return None
    if close(seen.got, again.got):
        return {}
    if g.size > 1 and close(again.got * g.mean(), np.asarray(seen.got) * np.mean(again.cotangent)):
        return {"only": "its mean or sum counts"}
    return None


RULES: list[Rule] = [
    Rule("passed-through", GradientMismatch, passed_through, Rank.PATTERN),
    Rule("ignores-cotangent", GradientMismatch, not_used, Rank.PATTERN),
]
AGAIN: list[Rule] = [Rule("ignores-cotangent", GradientMismatch, not_used_again, Rank.RERUN)]
