"""Registers the diagnoses that know no assignment, by the hook that plugins use too."""

from __future__ import annotations

from collections.abc import Callable

from tinygrade.hookspecs import hookimpl


@hookimpl
def tinygrade_register_diagnoses(register: Callable[..., None]) -> None:
    """Patterns of gradients, values and trajectories of any package."""
