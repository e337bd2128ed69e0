"""The rules that a student's checker is tried on: the right ones are right, the wrong ones wrong by far."""

import numpy as np
import pytest

from tinygrade.checks.reference import ReferenceLibrary
from tinygrade.model import Surface

REFUSES_BY_NUMBERS = 1e-3


@pytest.fixture(scope="module")
def gradcheck(repository):
    return ReferenceLibrary(repository / "reference" / "tinytorch", Surface()).gradcheck


def difference(rule, numerical_vjp, rng):
    """The largest error of a rule in parts of the largest entry; infinity for another form."""
    inputs = rule.draw(rng)
    cotangent = np.asarray(rng.standard_normal(rule.output_shape))
    expected = numerical_vjp(rule.f, inputs, cotangent)
    got = rule.vjp(cotangent.copy(), *(x.copy() for x in inputs))
    if [np.shape(g) for g in got] != [x.shape for x in inputs] or not all(np.isfinite(g).all() for g in got):
        return np.inf
    scale = max(np.abs(g).max() for g in expected)
    return max(np.abs(a - b).max() for a, b in zip(got, expected, strict=True)) / scale


def test_right_rules_are_right(course, gradcheck):
    rng = np.random.default_rng(0)
    for name, rule in course.rules.RIGHT.items():
        assert difference(rule, gradcheck.numerical_vjp.payload, rng) < 1e-8, name
        assert not rule.wrong


def test_wrong_rules_are_wrong_at_any_draw(course, gradcheck):
    rng = np.random.default_rng(1)
    for rule in (rule for rule in course.rules.shuffled(rng) if rule.wrong):
        errors = [difference(rule, gradcheck.numerical_vjp.payload, rng) for _ in range(20)]
        if "writes into its input" in rule.wrong:
            assert max(errors) < 1e-8
        else:
            assert min(errors) > REFUSES_BY_NUMBERS, rule.wrong


def test_one_of_them_is_right_under_ones(course):
    """So a checker that sums the output is found out."""
    rng = np.random.default_rng(2)
    rule = next(r for r in course.rules.shuffled(rng) if "ones sees nothing" in r.wrong)
    (x,) = rule.draw(rng)
    assert np.abs(rule.vjp(np.ones(4), x)[0]).max() < 1e-15
    assert np.abs(rule.vjp(rng.standard_normal(4), x)[0]).max() > 1e-3


def test_one_of_them_writes_into_its_input(course):
    rule = next(r for r in course.rules.shuffled(np.random.default_rng(3)) if "writes" in r.wrong)
    x = np.ones((2, 2))
    rule.vjp(np.ones((2, 2)), x)
    assert not np.array_equal(x, np.ones((2, 2)))


def test_balanced_for_each_function_and_in_another_order_each_time(course):
    orders = []
    for seed in range(5):
        rules = course.rules.shuffled(np.random.default_rng(seed))
        assert len(rules) == 22
        of = {}
        for rule in rules:
            of.setdefault((rule.f, rule.shapes), []).append(bool(rule.wrong))
        assert all(2 * sum(wrong) == len(wrong) for wrong in of.values())
        orders.append(tuple(bool(rule.wrong) for rule in rules))
    assert len(set(orders)) == 5


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e308, 0.0, -1.0])
@pytest.mark.filterwarnings("ignore")
def test_no_number_makes_a_rule_raise(course, bad):
    """A checker may call with any numbers; an exception here would be our fault."""
    for rule in course.rules.shuffled(np.random.default_rng(4)):
        inputs = [np.full(shape, bad) for shape in rule.shapes]
        rule.f(*inputs)
        rule.vjp(np.full(rule.output_shape, bad), *inputs)
