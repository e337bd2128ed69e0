"""The course's own plugin: one fixture for its checks, and one mistake that it knows by name."""

from pathlib import Path

import numpy as np
import pytest

from tinygrade import hookimpl


class Fixtures:
    """A pytest plugin: what its checks ask for by name."""

    @pytest.fixture
    def sample(self, rng):
        """`sample(size)`: different numbers far from zero, so that forgetting the mean shows."""
        return lambda size: 5 + rng.permutation(np.linspace(-1, 1, size)) + 0.01 * rng.random(size)


@hookimpl
def tinygrade_check_plugins():
    return [Fixtures()]


@hookimpl
def tinygrade_register_diagnoses(register):
    from tinygrade.diagnosis.catalogue import SAME, Rank, Rule
    from tinygrade.diagnosis.observations import ValueMismatch
    from tinygrade.diagnosis.pages import read_pages

    def divided_by_n(seen):
        wrong = np.var(seen.inputs["values"])
        return {"got": float(seen.got)} if np.isclose(seen.got, wrong, rtol=SAME) else None

    rule = Rule("biased-variance", ValueMismatch, divided_by_n, about=("summary.variance",), rank=Rank.FORMULA)
    for page in read_pages(Path(__file__).with_name("pages.md")):
        register(page, rule)
