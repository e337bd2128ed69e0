"""All rules together: the right one is told first, and arbitrary garbage is no reason to fail."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tinygrade.diagnosis import builtin
from tinygrade.diagnosis.catalogue import Catalogue
from tinygrade.diagnosis.observations import GradientMismatch, TrajectoryMismatch, ValueMismatch

CATALOGUE = Catalogue()
builtin.tinygrade_register_diagnoses(CATALOGUE.register)
X, Y = np.random.default_rng(1).standard_normal((2, 4, 4))


def told(observation):
    found = CATALOGUE.diagnose(observation)
    return found.code if found else None


@pytest.mark.parametrize(
    ("got", "code"),
    [
        (None, "gradient-missing"),
        (0 * X, "gradient-zero"),
        (-X, "gradient-sign"),
        (16 * X, "gradient-ratio"),
        (-X / 4, "gradient-ratio"),
        (X.T, "gradient-transposed"),
        (X[None], "gradient-shape"),
        (X * np.array([[1.0], [2], [3], [4]]), "gradient-per-slice"),
        (X.astype(int), "wrong-dtype"),
        (X * np.inf, "not-finite"),
        (X + 0.3 * np.random.default_rng(2).standard_normal((4, 4)), None),
        (X**2, None),
        (np.abs(X), None),
    ],
)
def test_gradients(got, code):
    seen = GradientMismatch("", "x", 0, got, X, [Y], {}, np.random.default_rng(3).standard_normal((4, 4)))
    assert told(seen) == code


@pytest.mark.parametrize(
    ("got", "code"),
    [
        (None, "wrong-type"),
        (X[0], "wrong-shape"),
        (X.T, "value-transposed"),
        (-X, "value-ratio"),
        (3 * X, "value-ratio"),
        (X + 1, "value-offset"),
        (np.roll(X, 1, 0), "value-shifted"),
        (X * np.nan, "not-finite"),
        (X**3, None),
    ],
)
def test_values(got, code):
    assert told(ValueMismatch("", got, X, {"y": Y})) == code


# ---- garbage ---------------------------------------------------------------------------------------

SHAPES = st.lists(st.integers(0, 3), max_size=3).map(tuple)
DTYPES = st.sampled_from([np.float64, np.float32, np.float16, np.int64, np.bool_, np.uint8])
ARRAYS = st.tuples(DTYPES, SHAPES).flatmap(lambda pair: arrays(*pair))
FLOATS = SHAPES.flatmap(lambda shape: arrays(np.float64, shape))
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(2**62), 2**62), st.floats(), st.text(max_size=5))
ANYTHING = st.one_of(ARRAYS, SCALARS, st.lists(SCALARS, max_size=3), st.dictionaries(st.text(max_size=2), SCALARS))


def without_a_word(capsys, observation):
    found = CATALOGUE.diagnose(observation)
    assert capsys.readouterr().err == "", "a rule failed"
    assert found is None or found.code in CATALOGUE.pages


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(ANYTHING, FLOATS, st.lists(ANYTHING, max_size=3), FLOATS, st.lists(ANYTHING, max_size=3), ANYTHING)
def test_any_gradient(capsys, got, expected, inputs, cotangent, grads, output):
    seen = GradientMismatch(
        *("", "x", 0, got, expected, inputs, {}, cotangent),
        wrt=range(3),
        grads=grads,
        expected_grads=[expected, None, cotangent],
        output=output,
        expected_output=cotangent,
        positions=(0, 1),
        contributions=lambda: [expected / 2, expected / 2],
        rerun=lambda _: GradientMismatch("", "x", 0, output, expected, inputs, {}, cotangent),
        fits=lambda: None,
        layout="F",
    )
    without_a_word(capsys, seen)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(ANYTHING, st.one_of(FLOATS, ARRAYS, SCALARS, st.lists(FLOATS, max_size=2)), ANYTHING)
def test_any_value(capsys, got, expected, value):
    without_a_word(capsys, ValueMismatch("", got, expected, {"x": value, "y": X}))


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(ANYTHING, max_size=3), max_size=3))
def test_any_trajectory(capsys, got):
    right = [[X, Y], [X - 1, Y + 1]]
    without_a_word(capsys, TrajectoryMismatch("", {"lr": 0.1}, [X, Y], [[X, None], [X, Y]], got, right))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(SHAPES.flatmap(lambda shape: arrays(np.float64, shape, elements=st.floats(-1e300, 1e300))), st.integers(0, 9))
def test_right_numbers_are_never_accused_of_a_pattern(capsys, expected, seed):
    """Rules are asked only after a mismatch; but rounding alone must not look like any of them."""
    noise = 1 + 1e-13 * np.random.default_rng(seed).standard_normal(expected.shape)
    with np.errstate(all="ignore"):
        got = np.asarray(expected * noise)
    g = np.random.default_rng(seed).standard_normal((5, 5))
    assert told(GradientMismatch("", "x", 0, got, expected, [X], {}, g)) is None
    assert capsys.readouterr().err == "", "a rule failed"
