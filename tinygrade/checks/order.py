"""In which order checks run: those about what a student has just saved first, each behind what it rests on."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tinygrade.checks import marks as marks_of


def about(items: Sequence[pytest.Item], modules: Sequence[str]) -> set[str]:
    """Ids of the checks about one of these modules of the package; those that `--quick` would leave out wait."""
    starts = tuple(f"{module}." for module in modules)
    read = {marks_of.check_id(item): marks_of.read(item) for item in items}
    return {check for check, marks in read.items() if marks.where.startswith(starts) and not marks.slow}


def first(items: Sequence[pytest.Item], chosen: set[str]) -> list[pytest.Item]:
    """The items with the chosen checks first; what these need comes before them, and nothing else changes places."""
    by_name = {marks_of.function_name(item): item for item in items}
    wanted: set[str] = set()
    todo = [marks_of.function_name(item) for item in items if marks_of.check_id(item) in chosen]
    while todo:
        name = todo.pop()
        if name not in wanted and name in by_name:
            wanted.add(name)
            todo += marks_of.read(by_name[name]).needs
    return sorted(items, key=lambda item: marks_of.function_name(item) not in wanted)
