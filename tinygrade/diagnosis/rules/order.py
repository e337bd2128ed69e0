"""All rules, in the order in which they are asked within their rank: what says more comes before what says less."""

from __future__ import annotations

from tinygrade.diagnosis.catalogue import Rule
from tinygrade.diagnosis.rules import (
    arguments,
    conditions,
    cotangents,
    entries,
    factors,
    structure,
    trajectories,
    values,
)

RULES: tuple[Rule, ...] = (
    *structure.RULES,
    # Before ratios: half of the gradient of x + x is one of its two uses.
    *entries.REPEATED,
    *arguments.REUSE,
    *values.RULES,
    *factors.RULES,
    *arguments.RULES,
    *cotangents.RULES,
    *factors.SLICES,
    *entries.RULES,
    *trajectories.RULES,
    *cotangents.AGAIN,
    *conditions.RULES,
)
