"""The frozen piece of work that budgets are scaled by."""

import pytest

from tinygrade.checks import calibration
from tinygrade.checks.calibration import CLAMP, NOMINAL_SECONDS, VERSION, Calibration, kernel


def test_the_kernel_is_frozen():
    # A change of the kernel makes recorded results wrong: then VERSION must change, and this number with it.
    assert VERSION == 1
    # Of the 23,400, the Python half gives all; what follows the point comes from numpy.
    assert kernel() - 23400 == pytest.approx(0.936963113294, abs=1e-10)


@pytest.fixture
def machine(monkeypatch):
    """`machine(seconds, ...)`: slices take this long, in turn; the last one stays."""

    def make(*seconds):
        left = list(seconds)
        monkeypatch.setattr(calibration, "slice_seconds", lambda: left.pop(0) if len(left) > 1 else left[0])

    return make


@pytest.mark.parametrize(
    ("speed", "factor"), [(0.1, 1.0), (0.99, 1.0), (1.0, 1.0), (1.5, 1.5), (3.99, 3.99), (4.0, 4.0), (50.0, 4.0)]
)
def test_the_factor_is_clamped(machine, speed, factor):
    machine(speed * NOMINAL_SECONDS)
    assert Calibration().factor == pytest.approx(factor)
    assert CLAMP == (1.0, 4.0)


def test_the_first_slice_does_not_count(machine):
    machine(1000.0, 2 * NOMINAL_SECONDS)
    assert Calibration().factor == pytest.approx(2.0)


def test_single_slow_slices_do_not_count(machine):
    machine(1.0, *[NOMINAL_SECONDS, 2.0] * 2, NOMINAL_SECONDS, 2.0, NOMINAL_SECONDS)
    made = Calibration()
    assert made.factor == pytest.approx(1.0)
    made.sample()
    made.sample()
    assert made.factor == pytest.approx(1.0)


def test_old_slices_are_forgotten(machine):
    machine(NOMINAL_SECONDS)
    made = Calibration()
    machine(3 * NOMINAL_SECONDS)
    for _ in range(calibration.WINDOW // 2 - 4):
        made.sample()
    for _ in range(calibration.WINDOW):
        made.sample()
    assert made.factor == pytest.approx(3.0)
    assert len(made._slices) == calibration.WINDOW


def test_a_slice_takes_time():
    assert 0.0 < calibration.slice_seconds() < 1.0
