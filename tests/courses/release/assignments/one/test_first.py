import pytest


@pytest.mark.points(5)
@pytest.mark.task("A1.1")
@pytest.mark.where("first.doubled")
@pytest.mark.hint("What is twice a number?")
def test_doubled(parity, rng):
    x = float(rng.normal())
    parity(lambda lib: lib.first.doubled(x), "doubled(x)")
