"""Group 2: a line, judged by what is true of it whatever formula it came from."""

import numpy as np
import pytest

from tinygrade import StudentFailure

pytestmark = [pytest.mark.task("A1.4"), pytest.mark.where("summary.line"), pytest.mark.needs("test_mean")]


@pytest.mark.points(3)
@pytest.mark.title("the line of least squares")
@pytest.mark.hint("Which line goes through (0, 1), (1, 3) and (2, 5)?")
def test_line(parity, rng):
    x, y = rng.standard_normal(12), rng.standard_normal(12)
    parity(lambda lib: lib.summary.line(x, y), "line of 12 points", about="summary.line")


@pytest.mark.points(2)
@pytest.mark.title("points on a line give that line")
@pytest.mark.hint("Take two points by hand: does your line go through both?")
def test_points_on_a_line(student, rng, partial_credit):
    x = rng.standard_normal(8)
    slope, intercept = rng.standard_normal(2)
    pair = student.summary.line(x, slope * x + intercept)
    got = [float(student.fetch(pair[index], shape=(), finite=True)) for index in (0, 1)]
    if not np.allclose(got, [slope, intercept]):
        wrong = f"the points lie on {slope:.4g} x + {intercept:.4g}, and your line is {got[0]:.4g} x + {got[1]:.4g}"
        if not np.isclose(got[0], slope):
            raise StudentFailure(wrong)
        partial_credit(0.5, wrong)
