"""Ask a reference that is being recorded what only a failure would ask: pieces of formulas, and simpler inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from tinygrade.diagnosis.catalogue import Catalogue
from tinygrade.diagnosis.observations import Observation
from tinygrade.model import Diagnosis


class RehearsingCatalogue(Catalogue):
    """Asks every rule about what could be observed, and forgets what they say.

    The values are wrong without a pattern, so that every formula is tried. With parts given nothing is foreseen: the
    questions would be the same, because the values are.
    """

    rehearses = True

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__()
        self.paused = False
        for page in catalogue.pages.values():
            self.register(page, *(rule for rule in catalogue.rules if rule.code == page.code))

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Foresee nothing meanwhile."""
        self.paused = True
        try:
            yield
        finally:
            self.paused = False

    def foresee(self, observed: Callable[[], Iterator[Observation]]) -> None:
        if self.paused:
            return
        for observation in observed():
            self._ask(replace(observation, got=_other(observation.expected)))  # type: ignore[union-attr]

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
