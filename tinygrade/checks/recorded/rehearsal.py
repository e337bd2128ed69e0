"""Ask a reference that is being recorded what only a failure would ask: pieces of formulas, and simpler inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from tinygrade.checks.recorded import claims
from tinygrade.checks.recorded.recorder import RecordingLibrary
from tinygrade.diagnosis.catalogue import Catalogue, Rule
from tinygrade.diagnosis.observations import Observation
from tinygrade.model import Diagnosis


class RehearsingCatalogue(Catalogue):
    """Asks every rule about what could be observed, and forgets what they say.

    The values are wrong without a pattern, so that every formula is tried. With parts given nothing is foreseen: the
    questions would be the same, because the values are.
    """

    rehearses = True

    def __init__(self, catalogue: Catalogue, reference: RecordingLibrary) -> None:
        super().__init__()
        self.paused = False
        self._reference = reference
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
            seen: Any = observation
            self._ask(replace(seen, got=_other(seen.expected)), replace(seen, got=seen.expected))

    def diagnose(self, observation: Observation) -> Diagnosis | None:
        return None

    def _ask(self, wrong: Observation, right: Observation) -> None:
        name = claims.name_of(wrong)
        found: list[tuple[str, str, Any]] = []
        for rule in self._asked(wrong):
            with np.errstate(all="ignore"):
                try:
                    claimed = self._claimed(rule, wrong, right) if name else None
                    if claimed is None:
                        rule.see(wrong)
                except Exception:  # a rule that fails here fails there as well, and is told there
                    continue
            found += [(rule.code, *claim) for claim in claimed or ()]
        if found:
            self._reference.answers.add(name, claims.packed(found))

    def _claimed(self, rule: Rule, wrong: Observation, right: Observation) -> list[tuple[str, Any]] | None:
        """What it claims; the pieces of the solution that it asks for are not written down."""
        with self._reference.unheard():
            return claims.claimed(rule, wrong, right)


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
