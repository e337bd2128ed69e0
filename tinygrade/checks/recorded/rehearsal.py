"""Ask a reference that is being recorded what only a failure would ask: pieces of formulas, and simpler inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Catalogue
from tinygrade.diagnosis.observations import Observation
from tinygrade.model import Diagnosis


class RehearsingCatalogue(Catalogue):
    """Asks every rule about what could be observed, wrong in several ways, and forgets what they say."""

    rehearses = True

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__()
        for page in catalogue.pages.values():
            self.register(page, *(rule for rule in catalogue.rules if rule.code == page.code))

    def foresee(self, observed: Callable[[], Iterator[Observation]]) -> None:
        for observation in observed():
            for wrong in _wrong(observation):
                self._ask(wrong)

    def diagnose(self, observation: Observation) -> Diagnosis | None:
        self._ask(observation)
        return None

    def _ask(self, observation: Observation) -> None:
        for rule in self._asked(observation):
            with np.errstate(all="ignore"):
                try:
                    rule.see(observation)
                except Exception:  # a rule that fails here fails there as well, and is told there
                    continue


def _wrong(observation: Any) -> Iterator[Observation]:
    """The observation with values as a student might have given them: other numbers, none, another shape."""
    for spoil in (_other, lambda value: value, lambda value: None, lambda value: np.zeros((7,))):
        yield replace(observation, got=spoil(observation.expected))


def _other(value: Any) -> Any:
    """Numbers of the same form without a pattern."""
    if isinstance(value, list | tuple):
        return type(value)(_other(item) for item in value)
    if isinstance(value, dict):
        return {key: _other(item) for key, item in value.items()}
    if not isinstance(value, np.ndarray | float | int) or np.asarray(value).dtype.kind not in "biuf":
        return value
    array = np.asarray(value, dtype=np.float64)
    return array + 1.0 + np.abs(np.sin(7.0 * np.arange(1, array.size + 1).reshape(array.shape)))
