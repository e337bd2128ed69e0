import pytest


@pytest.mark.points(4)
def test_nothing(parity):
    parity(lambda lib: lib.second.total([]), "total([])")
