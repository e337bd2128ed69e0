"""Rules on a factor between the student's numbers and the right ones."""

import numpy as np
import pytest

from tinygrade.diagnosis.rules import cotangents, factors


@pytest.fixture
def right(rng):
    return rng.standard_normal((3, 4))


def test_sign(gradient, value, right):
    assert factors.sign(gradient(-right, right)) == {}
    assert factors.constant(value(-right, right))["constant"] == "-1"
    for got in (right, -2 * right, -right + 1e-3, np.abs(right)):
        assert factors.sign(gradient(got, right)) is None


@pytest.mark.parametrize(
    ("factor", "name"),
    [
        (2.0, "2"),
        (0.5, "1/2"),
        (12.0, "the number of entries of x (12)"),
        (1 / 12, "1 / the number of entries of x (12)"),
        (3.0, "the size of axis 0 of x (3)"),
        (-4.0, "-the size of axis 1 of x (4)"),
        (0.25, "1 / the size of axis 1 of x (4)"),
        (3**0.5, "sqrt(the size of axis 0 of x (3))"),
        (12**-0.5, "1 / sqrt(the number of entries of x (12))"),
        (np.log(2), "ln 2"),
        (5.0, "the number of entries of y that are not 0 (5)"),
        (7.0, "the number of entries of y (7)"),
        (5 / 7, "the number of entries of y that are not 0 (5) / the number of entries of y (7)"),
        (1.01, ""),
        (1.7320, ""),
    ],
)
def test_constant(gradient, right, factor, name):
    ids = np.array([0, 1, 2, 0, 3, 4, 5])
    evidence = factors.constant(gradient(factor * right, right, [right, ids]))
    assert evidence["ratio"] == pytest.approx(factor)
    assert evidence.get("constant", "") == name


def test_what_is_no_constant_factor(gradient, right, rng):
    zero_at = np.where(np.arange(12).reshape(3, 4) == 5, 0.0, right)
    uneven = right * rng.uniform(0.5, 2, (3, 4))
    for got in (right + 0.1, uneven, np.zeros((3, 4)), zero_at, right[::-1], np.abs(right)):
        assert factors.constant(gradient(got, right)) is None
    assert factors.constant(gradient(right, zero_at)) is None


def test_of_a_single_number_only_a_factor_with_a_name(gradient):
    assert factors.constant(gradient(np.array(2.6), np.array(1.3)))["constant"] == "2"
    assert factors.constant(gradient(np.array(0.7), np.array(1.3))) is None


def test_entries_that_should_be_zero_do_not_hide_a_factor(gradient):
    right = np.array([[0.0, 1.0], [2.0, 1e-17]])
    assert factors.constant(gradient(np.array([[0.0, 2.0], [4.0, -1e-17]]), right))["ratio"] == 2.0


@pytest.mark.parametrize("axis", [0, 1])
def test_per_slice(gradient, value, rng, axis):
    right, scale = rng.standard_normal((3, 4)), rng.uniform(0.5, 2, (3, 4)[axis])
    shape = [-1 if i == axis else 1 for i in range(2)]
    got = right * scale.reshape(shape)
    for seen in (gradient(got, right, [right, scale], position=0), value(got, right, x=right, y=scale)):
        evidence = factors.per_slice(seen)
        assert evidence["axis"] == axis
        assert evidence["ratios_are"] == "y"
    inverse = factors.per_slice(gradient(right / scale.reshape(shape), right, [right, scale]))
    assert inverse["ratios_are"] == "1 / y"
    assert factors.per_slice(gradient(got + 1e-3, right)) is None


def test_one_entry_per_slice_proves_nothing(gradient, rng):
    for shape in ((4,), (4, 1), ()):
        right = rng.standard_normal(shape)
        assert factors.per_slice(gradient(right * rng.uniform(1, 2, shape), right)) is None


def test_a_constant_factor_is_not_told_as_one_per_slice(gradient, right):
    assert factors.per_slice(gradient(2 * right, right)) is None


@pytest.mark.parametrize(("power", "text"), [(1, "x"), (-1, "1 / x"), (2, "x squared"), (-2, "1 / x squared")])
def test_exponent(gradient, rng, power, text):
    x, right = rng.standard_normal((3, 4)), rng.standard_normal((3, 4))
    assert factors.exponent(gradient(right * x**power, right, [x])) == {"ratio_is": text}
    times = factors.exponent(gradient(-3 * right * x**power, right, [x]))
    assert times["ratio_is"] == text
    assert times["times"] == pytest.approx(-3)


def test_exponent_of_the_value_and_of_another_input(gradient, rng):
    x, y, out, right = rng.standard_normal((4, 3, 4))
    assert factors.exponent(gradient(right / out, right, [x], expected_output=out))["ratio_is"] == "1 / the value"
    assert factors.exponent(gradient(right * y, right, [x, y]))["ratio_is"] == "y"
    row = rng.standard_normal(4)
    assert factors.exponent(gradient(right * row, right, [x, row]))["ratio_is"] == "y"


def test_what_is_no_exponent(gradient, rng):
    x, right = rng.standard_normal((2, 3, 4))
    for got in (right + x, right * (x + 0.1), right * np.exp(x), np.zeros((3, 4)), 2 * right):
        assert factors.exponent(gradient(got, right, [x])) is None
    assert factors.exponent(gradient(2 * right, right, [np.full((3, 4), 2.0)])) is None, "x is 2 everywhere"


def test_passed_through(gradient, rng):
    g, right = rng.standard_normal((2, 3, 4))
    assert cotangents.passed_through(gradient(g, right, cotangent=g)) == {}
    assert cotangents.passed_through(gradient(2 * g, right, cotangent=g)) is None
    assert cotangents.passed_through(gradient(g[:1], right[:1], cotangent=g)) is None


def test_cotangent_not_used(gradient, rng):
    g, slope = rng.standard_normal((2, 3, 4))
    assert cotangents.not_used(gradient(slope, slope * g, cotangent=g)) == {}
    assert cotangents.not_used(gradient(slope * 1.1, slope * g, cotangent=g)) is None
    assert cotangents.not_used(gradient(slope, 0.7 * slope, cotangent=np.array(0.7))) == {}
    assert factors.constant(gradient(slope, 0.7 * slope, cotangent=np.array(0.7))) is None


def test_cotangent_not_used_told_by_asking_again(gradient, rng):
    g, other = rng.standard_normal((2, 5))
    slope = rng.standard_normal((3, 4))

    def asked(backward):
        def again(inputs):
            return gradient(backward(other), other.sum() * slope, cotangent=other)

        return gradient(backward(g), g.sum() * slope, cotangent=g, rerun=again)

    assert cotangents.not_used_again(asked(lambda g: slope)) == {}
    assert cotangents.not_used_again(asked(lambda g: g.mean() * slope)) == {"only": "its mean or sum counts"}
    assert cotangents.not_used_again(asked(lambda g: g[0] * slope)) is None
    assert cotangents.not_used_again(asked(lambda g: "text")) is None
    assert cotangents.not_used_again(gradient(slope, 2 * slope, cotangent=g)) is None
