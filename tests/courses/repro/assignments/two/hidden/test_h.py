import pytest


@pytest.mark.points(1)
def test_secret(parity):
    parity(lambda lib: lib.late.values(41), "values(SECRET)")
