"""Give a failure its diagnosis: the catalogue's code, evidence in plain numbers, and the page's question as hint."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Catalogue
from tinygrade.diagnosis.observations import Observation
from tinygrade.failures import StudentFailure
from tinygrade.model import Diagnosis
from tinygrade.text import clean

#: Evidence is read by people: longer texts and lists are cut.
MAX_TEXT, MAX_ITEMS = 200, 8


def diagnosed(
    failure: StudentFailure, catalogue: Catalogue, observation: Observation, facts: Mapping[str, Any]
) -> StudentFailure:
    """`failure` with the mistake that the catalogue recognises in `observation`, if any.

    Args:
        facts: evidence that stands in every diagnosis, such as the worst entry; a rule's own goes before.
    """
    found = catalogue.diagnose(observation)
    return failure if found is None else named(failure, catalogue, found.code, {**facts, **found.evidence})


def named(
    failure: StudentFailure, catalogue: Catalogue, code: str, evidence: Mapping[str, Any]
) -> StudentFailure:
    """`failure` with this diagnosis, where the catalogue has a page for it."""
    page = catalogue.pages.get(code)
    if page is None:
        return failure
    return StudentFailure(
        failure.message,
        status=failure.status,
        where=failure.where,
        hint=page.question,
        diagnosis=Diagnosis(code, plain(evidence)),
        error_map=failure.error_map,
    )


def worst_entry(got: Any, expected: Any) -> dict[str, Any]:
    """`index`, `yours`, `expected` and `ratio` of the entry that differs most; less where that makes no sense."""
    if not isinstance(got, np.ndarray | np.generic | int | float) or not isinstance(expected, np.ndarray):
        return {}
    got = np.asarray(got)
    if got.shape != expected.shape:
        return {"yours_shape": got.shape, "expected_shape": expected.shape}
    if not got.size or got.dtype.kind not in "biuf" or expected.dtype.kind not in "biuf":
        return {}
    mine, theirs = got.astype(np.float64), expected.astype(np.float64)
    with np.errstate(all="ignore"):
        distance = np.where(mine == theirs, 0.0, np.abs(mine - theirs))
    worst = np.unravel_index(int(np.argmax(np.where(np.isnan(distance), np.inf, distance))), got.shape)
    yours, right = float(mine[worst]), float(theirs[worst])
    ratio = yours / right if right else None
    return {"index": [int(i) for i in worst], "yours": yours, "expected": right, "ratio": ratio}


def plain(value: Any) -> Any:
    """JSON values of bounded size: what is no number, text, list or dict becomes its type's name."""
    if isinstance(value, np.generic | np.ndarray) and np.ndim(value) == 0:
        value = value[()].item() if isinstance(value, np.ndarray) else value.item()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return clean(value, limit=MAX_TEXT)
    if isinstance(value, Mapping):
        return {clean(str(key), limit=MAX_TEXT): plain(item) for key, item in list(value.items())[: 4 * MAX_ITEMS]}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in list(value)[:MAX_ITEMS]]
    return type(value).__name__[:MAX_TEXT]
