"""Training curves: what the losses of a run say about what went wrong in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Rank, Rule
from tinygrade.diagnosis.observations import Curve

#: Nats below the floor that rounding may explain; the same as for full credit above it.
BELOW, ABOVE = 0.003, 0.02
#: A plateau at a known loss: as close as this to it, in nats.
NEAR = 0.03


def _finite(seen: Curve) -> np.ndarray:
    losses = np.asarray(seen.losses, dtype=np.float64)
    return losses[np.isfinite(losses)]


def _last(seen: Curve) -> float:
    """The median of the last quarter: one spike says nothing about a run."""
    losses = _finite(seen)
    return float(np.median(losses[-max(1, len(losses) // 4) :]))


def _diverged(seen: Curve) -> Mapping[str, Any] | None:
    losses = np.asarray(seen.losses, dtype=np.float64)
    if not np.isfinite(losses).all():
        step = int(np.asarray(seen.steps)[~np.isfinite(losses)][0])
        return {"not_a_number_at_step": step}
    if len(losses) > 2 and _last(seen) > max(1.5 * losses[0], 1.2 * seen.uniform):
        return {"first": float(losses[0]), "last": _last(seen)}
    return None


def _below_floor(seen: Curve) -> Mapping[str, Any] | None:
    losses = _finite(seen)
    if losses.size and losses.min() < seen.floor - BELOW:
        return {"lowest": float(losses.min()), "floor": seen.floor}
    return None


def _flat(seen: Curve) -> Mapping[str, Any] | None:
    losses = _finite(seen)
    if losses.size > 1 and np.ptp(losses) < 0.01 * abs(losses[0] - seen.floor):
        return {"first": float(losses[0]), "last": float(losses[-1])}
    return None


def _position_only(seen: Curve) -> Mapping[str, Any] | None:
    """It knows how long strings are, and nothing about their characters."""
    losses = _finite(seen)
    if losses.size > 4 and abs(_last(seen) - seen.position_only) < NEAR and losses.min() > seen.position_only - NEAR:
        return {"last": _last(seen), "position_only": seen.position_only}
    return None


def _still_falling(seen: Curve) -> Mapping[str, Any] | None:
    """Over its last half the run has halved what it was above the floor, and is not there."""
    losses, steps = _finite(seen), np.asarray(seen.steps)
    if losses.size < 3 or losses.size != steps.size or losses.min() <= seen.floor + ABOVE:
        return None
    middle = losses[np.searchsorted(steps, steps[-1] / 2.0)] - seen.floor
    left = losses[-1] - seen.floor
    return {"last": float(losses[-1]), "floor": seen.floor} if left < 0.8 * middle else None


def _plateau(seen: Curve) -> Mapping[str, Any] | None:
    losses = _finite(seen)
    if losses.size > 2 and losses.min() > seen.floor + ABOVE:
        return {"first": float(losses[0]), "last": _last(seen), "floor": seen.floor}
    return None


def _rule(code: str, see: Any) -> Rule:
    return Rule(code, Curve, see, Rank.PATTERN)


#: In the order in which they are asked: the surest first.
RULES: list[Rule] = [
    _rule("loss-below-floor", _below_floor),
    _rule("loss-diverged", _diverged),
    _rule("loss-flat", _flat),
    _rule("loss-knows-position-only", _position_only),
    _rule("training-too-short", _still_falling),
    _rule("loss-plateau", _plateau),
]
