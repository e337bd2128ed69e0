"""Parameters, modes and starts of modules: what checks see as properties, so that they name it themselves."""

from __future__ import annotations

from tinygrade.diagnosis.catalogue import Rule

RULES: list[Rule] = []
