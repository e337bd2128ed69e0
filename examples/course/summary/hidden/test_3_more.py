"""Group 3: not in a student's bundle. Students see its name and its points, and no number of it."""

import pytest


@pytest.mark.points(2)
@pytest.mark.title("large numbers close to each other")
@pytest.mark.where("summary.variance")
@pytest.mark.needs("test_variance")
def test_large_numbers(parity, rng):
    values = 1e7 + rng.standard_normal(20)
    parity(lambda lib: lib.summary.variance(values), "variance", about="summary.variance", rtol=1e-6)
