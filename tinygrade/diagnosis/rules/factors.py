"""The right numbers times something: a constant, one number per slice, or a power of an input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tinygrade.diagnosis.arrays import close, float_arrays, is_float_array, is_generic, peak, ratio, ratios
from tinygrade.diagnosis.catalogue import Rank, Rule
from tinygrade.diagnosis.constants import described, labelled
from tinygrade.diagnosis.observations import GradientMismatch, ValueMismatch

Seen = GradientMismatch | ValueMismatch
Evidence = Mapping[str, Any] | None


def arrays_of(seen: Seen) -> dict[str, Any]:
    """What a constant may be named after, by name: inputs, then the value."""
    if isinstance(seen, ValueMismatch):
        return {**seen.inputs, "the value": seen.expected}
    return {**labelled(seen.names, seen.inputs), "the value": seen.cotangent, "the gradient": seen.expected}


def sign(seen: Seen) -> Evidence:
    found = _ratio(seen)
    return {} if found is not None and abs(found + 1.0) < 1e-7 else None


def constant(seen: Seen) -> Evidence:
    """One factor for all entries; of a single number only a factor that has a name."""
    found = _ratio(seen)
    if found is None or abs(found) < 1e-6 or abs(found - 1.0) < 1e-9 or _is_cotangent(seen, found):
        return None
    evidence = described(found, arrays_of(seen))
    return evidence if seen.expected.size > 1 or "constant" in evidence else None


def _ratio(seen: Seen) -> float | None:
    return ratio(np.asarray(seen.got), seen.expected) if is_float_array(seen.expected) else None


def _is_cotangent(seen: Seen, factor: float) -> bool:
    """A factor of one over the only incoming number: that one is not used at all."""
    if isinstance(seen, ValueMismatch) or np.size(seen.cotangent) != 1:
        return False
    return abs(factor * float(np.reshape(seen.cotangent, ())) - 1.0) < 1e-7


def per_slice(seen: Seen) -> Evidence:
    """One factor per slice of one axis: a row's normaliser or a column's scale is missing."""
    got, expected = np.asarray(seen.got), seen.expected
    if not is_float_array(expected) or expected.ndim < 2 or not expected.size:
        return None
    found = ratios(got, expected)
    for axis in range(expected.ndim):
        factors = _factors(found, axis)
        if factors is not None and close(got, expected * factors, peak(got)):
            numbers = factors.ravel()
            return {"axis": axis, "ratios": numbers[:8].tolist(), **_named(seen, numbers, axis)}
    return None


def _factors(found: np.ndarray, axis: int) -> np.ndarray | None:
    """The ratios of the slices along `axis`, when each has at least two entries to tell it from, and not all agree."""
    slices = np.moveaxis(found, axis, 0).reshape(found.shape[axis], -1)
    known = np.isfinite(slices)
    if slices.shape[0] < 2 or (known.sum(axis=1) < 2).any():
        return None
    factors = np.array([row[mask][0] for row, mask in zip(slices, known, strict=True)])
    if np.ptp(factors) <= 1e-6 * peak(factors):
        return None
    return factors.reshape([-1 if i == axis else 1 for i in range(found.ndim)])


def _named(seen: Seen, numbers: np.ndarray, axis: int) -> dict[str, str]:
    """The factors are an input, or one over it."""
    for name, value in arrays_of(seen).items():
        if is_float_array(value) and value.size == numbers.size and name != "the gradient":
            for form, candidate in (("{}", value.ravel()), ("1 / {}", _inverse(value.ravel()))):
                if close(numbers, candidate):
                    return {"ratios_are": form.format(name)}
    return {}


def _inverse(values: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(1.0 / values)


def exponent(seen: GradientMismatch) -> Evidence:
    """The factor is a power of an input or of the value, entry by entry, perhaps times a constant."""
    if not peak(np.asarray(seen.got)):
        return None
    found = ratios(np.asarray(seen.got), seen.expected)
    known = np.isfinite(found)
    if known.sum() < 3 or not close(np.where(known, seen.got, 0.0), np.where(known, seen.expected * found, 0.0)):
        return None
    if not (np.abs(np.asarray(seen.got)[~known]) <= 1e-6 * peak(np.asarray(seen.got))).all():
        return None
    for name, base in _bases(seen):
        for power, text in ((1, "{}"), (-1, "1 / {}"), (2, "{} squared"), (-2, "1 / {} squared")):
            with np.errstate(all="ignore"):
                quotients = found[known] / base[known] ** power
            if np.isfinite(quotients).all() and np.ptp(quotients) <= 1e-6 * peak(quotients):
                return _power(text.format(name), float(quotients[0]))
    return None


def _bases(seen: GradientMismatch) -> Iterator[tuple[str, np.ndarray]]:
    """Inputs and the value, where they broadcast to the gradient and their entries differ."""
    named = [(list(labelled(seen.names, seen.inputs))[i], value) for i, value in float_arrays(seen.inputs)]
    if is_float_array(seen.expected_output):
        named.append(("the value", seen.expected_output))
    for name, value in named:
        try:
            base = np.broadcast_to(value, seen.expected.shape)
        except ValueError:
            continue
        if is_generic(np.abs(base)):
            yield name, base


def _power(text: str, factor: float) -> dict[str, Any]:
    return {"ratio_is": text} if abs(factor - 1.0) < 1e-6 else {"ratio_is": text, "times": factor}


RULES: list[Rule] = [
    Rule("gradient-sign", GradientMismatch, sign, Rank.PATTERN),
    Rule("gradient-ratio", GradientMismatch, constant, Rank.PATTERN),
    Rule("value-ratio", ValueMismatch, constant, Rank.PATTERN),
]
SLICES: list[Rule] = [
    Rule("gradient-per-slice", GradientMismatch, per_slice, Rank.PATTERN),
    Rule("value-per-slice", ValueMismatch, per_slice, Rank.PATTERN),
    Rule("exponent-slip", GradientMismatch, exponent, Rank.PATTERN),
]
