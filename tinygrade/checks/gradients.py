"""Compare gradients with a tolerance that knows the scale of all of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrade.checks.compare import ATOL, RTOL, compare
from tinygrade.checks.diagnosing import diagnosed, worst_entry
from tinygrade.diagnosis.catalogue import Catalogue
from tinygrade.diagnosis.observations import GradientMismatch
from tinygrade.failures import StudentFailure

#: |got - expected| <= ATOL + RTOL x the largest entry of the expected gradient (or of all of them, whichever is
#: larger by 1e-4): scale-aware, so that the key bias, whose true gradient is 0, passes with a gradient of 1e-17.
SCALE_FLOOR = 1e-4


def compare_gradients(
    got: Any, expected: dict[str, Any], name: str, *, catalogue: Catalogue | None = None
) -> None:
    """Compare gradients by name.

    Args:
        expected: None for one that is not to be compared.
        catalogue: names the mistake; `gradcheck.gradients` is this function with the run's.

    Raises:
        StudentFailure: one differs; the first in the order of `expected` that does.
    """
    if type(got) is not dict:
        raise StudentFailure(f"{name}: what came back were not gradients")
    largest = largest_entry(expected.values())
    for position, (label, value) in enumerate(expected.items()):
        if value is None:
            continue
        try:
            compare_gradient(got.get(label), value, f"{name}: ", label, largest)
        except StudentFailure as failure:
            wrong = _mismatch(got, expected, label, position)
            facts = {"argument": label, **worst_entry(wrong.got, wrong.expected)}
            raise diagnosed(failure, catalogue or Catalogue(), wrong, facts) from None


def compare_gradient(
    got: Any, expected: Any, before: str, label: str, largest: float, *, rtol: float = RTOL, atol: float = ATOL
) -> None:
    """Raise StudentFailure unless `got` is the gradient of `label`, as the message calls it."""
    if got is None:
        raise StudentFailure(f"{before}{label} got no gradient")
    scale = max(largest_entry([expected]), SCALE_FLOOR * largest)
    compare(got, expected, f"{before}the gradient of {label}", rtol=0.0, atol=atol + rtol * scale)


def largest_entry(values: Any) -> float:
    """The largest absolute value in all arrays that are not None."""
    arrays = [np.asarray(value) for value in values if value is not None]
    return max((float(np.max(np.abs(array), initial=0.0)) for array in arrays), default=0.0)


def _mismatch(got: dict[str, Any], expected: dict[str, Any], label: str, position: int) -> GradientMismatch:
    names = [name for name, value in expected.items() if value is not None]
    return GradientMismatch(
        about="",
        argument=label,
        position=position,
        got=got.get(label),
        expected=np.array(expected[label]),
        inputs=(),
        kwargs={},
        cotangent=np.zeros(()),
        wrt=range(len(names)),
        grads=[got.get(name) for name in names],
        expected_grads=[np.array(expected[name]) for name in names],
    )
