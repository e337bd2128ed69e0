import pytest


@pytest.mark.points(1)
def test_shared(parity):
    parity(lambda lib: lib.ops.early(), "early()")
