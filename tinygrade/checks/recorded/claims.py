"""What known mistakes would give here, as fingerprints: the formulas and their pieces of the solution stay at home.

A rule whose `see` has a method `numbers(observation)` claims numbers, each with its evidence. A record holds none of
them, but two random projections: enough to recognise them, and too little to tell anything else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tinygrade.checks.diagnosing import plain
from tinygrade.checks.recorded import questions
from tinygrade.checks.recorded.answers import Damaged, Store
from tinygrade.diagnosis.catalogue import SAME, Catalogue, Rule, same
from tinygrade.diagnosis.observations import GradientMismatch, Observation, TrajectoryMismatch, ValueMismatch
from tinygrade.errors import GraderError
from tinygrade.model import Diagnosis

PROJECTIONS, SEED = 2, 7
#: By so many times the tolerance of one entry a sum of n of them may be off, times the root of n.
SPREAD = 4.0


class RecordedCatalogue(Catalogue):
    """Recognises what was claimed when the record was made, and beyond that what its own rules see."""

    def __init__(self, catalogue: Catalogue, answers: Store) -> None:
        super().__init__()
        for page in catalogue.pages.values():
            self.register(page, *(rule for rule in catalogue.rules if rule.code == page.code))
        self._answers = answers

    def diagnose(self, observation: Observation) -> Diagnosis | None:
        name = name_of(observation)
        found = _recognised(self._answers.get(name), observation) if name in self._answers else None
        return found or super().diagnose(observation)


def name_of(observation: Observation) -> str:
    """What the claims about an observation are called; "" where there can be none."""
    seen = observation
    try:
        match seen:
            case GradientMismatch():
                asked: Any = (list(seen.inputs), dict(seen.kwargs), seen.cotangent, list(seen.wrt), seen.position)
            case ValueMismatch():
                asked = dict(seen.inputs)
            case TrajectoryMismatch():
                asked = (dict(seen.settings), list(seen.starts), [list(step) for step in seen.gradients])
            case _:
                return ""
        return questions.question(f"claims {type(seen).__name__}", seen.about, asked, seen.expected)
    except GraderError:  # something in it has no name
        return ""


# ---- recording ---------------------------------------------------------------------------------------


def claimed(rule: Rule, one: Observation, other: Observation) -> list[tuple[str, Any]] | None:
    """Evidence (JSON) and numbers of everything that the rule claims.

    Args:
        one, other: the same observation with two different values of the student's.

    Returns:
        None where the claims depend on the student's value, or the rule makes none.
    """
    numbers = getattr(rule.see, "numbers", None)
    if numbers is None:
        return None
    found, again = ([(_text(evidence), value) for evidence, value in numbers(seen)] for seen in (one, other))
    alike = len(found) == len(again) and all(
        a[0] == b[0] and same(a[1], b[1]) for a, b in zip(found, again, strict=True)
    )
    return found if alike else None


def packed(claims: list[tuple[str, str, Any]]) -> dict[str, Any]:
    """Code, evidence and numbers of each claim, as an answer of a record."""
    marked = [(code, evidence, mark) for code, evidence, value in claims if (mark := fingerprint(value)) is not None]
    words = [word for code, evidence, (form, _) in marked for word in (code, evidence, form)]
    return {"words": words, "marks": np.array([mark for _, _, (_, mark) in marked]).reshape(-1, PROJECTIONS)}


def _text(evidence: Mapping[str, Any]) -> str:
    return json.dumps(plain(evidence), sort_keys=True)


# ---- recognising -------------------------------------------------------------------------------------


def _recognised(answer: Any, observation: Any) -> Diagnosis | None:
    mine = fingerprint(observation.got)
    if mine is None:
        return None
    form, marks = mine
    off = tolerance(observation.got)
    for code, evidence, other, theirs in _unpacked(answer):
        if form == other and bool(np.all(np.abs(theirs - marks) <= off)):
            return Diagnosis(code, json.loads(evidence))
    return None


def _unpacked(answer: Any) -> Iterator[tuple[str, str, str, np.ndarray]]:
    words, marks = answer["words"], np.asarray(answer["marks"])
    if len(words) != 3 * len(marks):
        raise Damaged("its claims are malformed")
    for i, mark in enumerate(marks):
        yield words[3 * i], words[3 * i + 1], words[3 * i + 2], mark


def fingerprint(value: Any) -> tuple[str, np.ndarray] | None:
    """Form and projections of numbers in lists; None for anything else."""
    flat = list(_flat(value))
    if any(part is None for part in flat):
        return None
    parts = [part for part in flat if part is not None]
    form = " ".join([str(np.shape(part)) for part in parts])
    numbers = _joined(parts)
    finite = np.isfinite(numbers)
    if not finite.all():
        form += " " + questions.question("not finite", np.where(finite, 0.0, numbers))
    rng = np.random.default_rng(SEED)
    return form, rng.standard_normal((PROJECTIONS, numbers.size)) @ np.where(finite, numbers, 0.0)


def tolerance(value: Any) -> float:
    """How far the projections of equal numbers may lie apart."""
    numbers = _joined([part for part in _flat(value) if part is not None])
    largest = float(np.max(np.abs(numbers), where=np.isfinite(numbers), initial=0.0))
    return SPREAD * float(np.sqrt(max(numbers.size, 1))) * (SAME * largest + 1e-12)


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([part.reshape(-1) for part in parts]) if parts else np.zeros(0)


def _flat(value: Any) -> Iterator[np.ndarray | None]:
    """All arrays in lists and tuples; None for what is no number."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _flat(item)
    elif isinstance(value, np.ndarray | np.generic | bool | int | float) and np.asarray(value).dtype.kind in "fiub":
        yield np.asarray(value, dtype=np.float64).view(np.ndarray)
    else:
        yield None
