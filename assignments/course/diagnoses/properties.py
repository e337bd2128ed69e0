"""What every causal transformer does, whatever its weights: seen by checks of properties, which name it themselves."""

from __future__ import annotations

from tinygrade.diagnosis.catalogue import Rule

RULES: list[Rule] = []
