"""A check, tried on a submission that is written in the test; so an assignment's author tries his own."""

SOLUTION = {"numbers.py": "def double(x):\n    return 2 * x\n"}
CHECK = """
import pytest

@pytest.mark.points(1)
def test_double(parity, rng):
    x = rng.standard_normal(5)
    parity(lambda lib: lib.numbers.double(x), "double(x)")
"""


def test_a_square_is_no_double(run_check):
    result = run_check(CHECK, SOLUTION, {"numbers.py": "def double(x):\n    return x * x\n"})
    assert result.status == "failed"
    assert "double(x)" in result.message
