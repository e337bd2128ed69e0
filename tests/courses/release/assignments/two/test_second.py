import pytest


@pytest.mark.points(6)
def test_total(parity, rng):
    items = [float(x) for x in rng.normal(size=4)]
    parity(lambda lib: lib.second.total(items), "total(items)")
