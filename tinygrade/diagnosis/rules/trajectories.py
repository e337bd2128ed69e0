"""Parameters under an optimiser: which of them leave the path, from which step on, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrade.diagnosis.arrays import close, peak, ratio
from tinygrade.diagnosis.catalogue import Rank, Rule
from tinygrade.diagnosis.constants import described
from tinygrade.diagnosis.observations import TrajectoryMismatch

Evidence = Mapping[str, Any] | None
#: Steps and parameters that are looked at.
MANY = 64


def unreadable(seen: TrajectoryMismatch) -> Evidence:
    """Something that is no array of the parameter's shape."""
    for step, values in enumerate(_steps(seen.got)):
        for i, (mine, start) in enumerate(zip(values, seen.starts, strict=False)):
            if not isinstance(mine, np.ndarray | np.generic | float | int):
                return {"step": step + 1, "parameter": i + 1, "yours": type(mine).__name__}
            if np.shape(mine) != np.shape(start):
                shapes = {"yours_shape": list(np.shape(mine)), "expected_shape": list(np.shape(start))}
                return {"step": step + 1, "parameter": i + 1, **shapes}
    return None


def not_finite(seen: TrajectoryMismatch) -> Evidence:
    for step, values in enumerate(_steps(seen.got)):
        for i, mine in enumerate(values):
            if np.asarray(mine).dtype.kind == "f" and not np.isfinite(np.asarray(mine)).all():
                return {"step": step + 1, "parameter": i + 1}
    return None


def _steps(got: Any) -> list[Any]:
    steps = list(got)[:MANY] if isinstance(got, list | tuple) else []
    return [values for values in steps if isinstance(values, list | tuple)]


def _paths(seen: TrajectoryMismatch) -> list[tuple[np.ndarray, np.ndarray]]:
    """Per parameter its positions over time, the student's and the right ones, the start first; [] if unreadable."""
    count, steps = len(seen.starts), len(seen.expected)
    got = _steps(seen.got)
    if len(got) != steps or any(len(values) != count for values in got) or unreadable(seen) or not_finite(seen):
        return []
    paths = []
    for i, start in enumerate(seen.starts):
        mine = [np.asarray(start), *(np.asarray(values[i], dtype=np.float64) for values in got)]
        right = [np.asarray(start), *(np.asarray(values[i]) for values in seen.expected)]
        paths.append((np.array(mine), np.array(right)))
    return paths


def never_moves(seen: TrajectoryMismatch) -> Evidence:
    """No parameter ever changes, though some should."""
    paths = _paths(seen)
    resting = all(peak(np.diff(mine, axis=0)) == 0 for mine, _ in paths)
    return {} if paths and resting and any(peak(np.diff(right, axis=0)) for _, right in paths) else None


def against(seen: TrajectoryMismatch) -> Evidence:
    """The first step of every parameter goes the right way backwards."""
    found = _first_ratios(seen)
    return {} if found and all(abs(r + 1.0) < 1e-6 for r in found) else None


def scaled(seen: TrajectoryMismatch) -> Evidence:
    """The first step of every parameter is too long or too short by one factor."""
    found = _first_ratios(seen)
    if not found or abs(found[0]) < 1e-6 or abs(found[0] - 1.0) < 1e-6 or np.ptp(found) > 1e-6 * abs(found[0]):
        return None
    return {**described(found[0], {}), **_setting(found[0], seen.settings)}


def _first_ratios(seen: TrajectoryMismatch) -> list[float]:
    """Of the first moves, for parameters that should move; [] when one of them has no such factor."""
    found = []
    for mine, right in _paths(seen):
        if len(mine) > 1 and peak(right[1] - right[0]):
            if right[0].size < 2:
                continue
            factor = ratio(mine[1] - mine[0], right[1] - right[0])
            if factor is None:
                return []
            found.append(factor)
    return found


def _setting(factor: float, settings: Mapping[str, Any]) -> dict[str, str]:
    """The factor in terms of a setting: 1 / lr."""
    for name, value in settings.items():
        numbers = {f"{name}[{i}]": n for i, n in enumerate(value)} if isinstance(value, list | tuple) else {name: value}
        for label, number in numbers.items():
            if isinstance(number, bool) or not isinstance(number, int | float) or number in (0, 1):
                continue
            forms = {label: number, f"1 / {label}": 1 / number, f"1 - {label}": 1 - number}
            forms |= {f"1 / (1 - {label})": 1 / (1 - number)}
            for text, candidate in forms.items():
                if abs(abs(factor) - abs(candidate)) < 1e-6 * abs(candidate):
                    return {"constant": text}
    return {}


def some_parameters(seen: TrajectoryMismatch) -> Evidence:
    """Some parameters that move are right all the way, others wrong."""
    paths = _paths(seen)
    wrong = [i for i, (mine, right) in enumerate(paths) if _first_wrong(mine, right)]
    moved = [i for i, (_, right) in enumerate(paths) if peak(np.diff(right, axis=0))]
    if not wrong or set(moved) <= set(wrong):
        return None
    frozen = [i for i in wrong if all(step[i] is None for step in seen.gradients)]
    evidence: dict[str, Any] = {"wrong_parameters": [i + 1 for i in wrong][:8], "of": len(seen.starts)}
    return {**evidence, "without_gradient": [i + 1 for i in frozen][:8]} if frozen else evidence


def from_step(seen: TrajectoryMismatch) -> Evidence:
    """Right at first, wrong from a later step on."""
    steps = [step for mine, right in _paths(seen) if (step := _first_wrong(mine, right))]
    return {"first_wrong_step": min(steps)} if steps and min(steps) > 1 else None


def _first_wrong(mine: np.ndarray, right: np.ndarray) -> int:
    """The first step at which the positions differ; 0 for none."""
    scale = max(peak(np.diff(right, axis=0)), 1e-12)
    for step in range(1, len(mine)):
        if not close(mine[step], right[step], max(scale, 1e-4 * peak(right))):
            return step
    return 0


RULES: list[Rule] = [
    Rule("trajectory-unreadable", TrajectoryMismatch, unreadable, Rank.STRUCTURE),
    Rule("trajectory-not-finite", TrajectoryMismatch, not_finite, Rank.STRUCTURE),
    Rule("trajectory-never-moves", TrajectoryMismatch, never_moves, Rank.STRUCTURE),
    Rule("trajectory-some-parameters", TrajectoryMismatch, some_parameters, Rank.PATTERN),
    Rule("trajectory-sign", TrajectoryMismatch, against, Rank.PATTERN),
    Rule("trajectory-ratio", TrajectoryMismatch, scaled, Rank.PATTERN),
    Rule("trajectory-from-step", TrajectoryMismatch, from_step, Rank.PATTERN),
]
