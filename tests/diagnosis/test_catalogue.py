"""The order in which rules are asked, what "the same numbers" means, and what a rule may never do to a run."""

import numpy as np
import pytest

from tinygrade.diagnosis.catalogue import Catalogue, Page, Rank, Rule, looks_like, same
from tinygrade.diagnosis.observations import ValueMismatch


def page(code):
    return Page(code, "title", "question?", "body")


def always(code, rank, about=()):
    return Rule(code, ValueMismatch, lambda seen: {"from": code}, rank, about)


def seen(got, expected=(1.0, 2.0), about="ops.exp", **inputs):
    return ValueMismatch(about, got, np.asarray(expected), inputs)


def test_the_strongest_evidence_comes_first():
    catalogue = Catalogue()
    for rank in (Rank.RERUN, Rank.PATTERN, Rank.STRUCTURE, Rank.FORMULA):
        catalogue.register(page(rank.name), always(rank.name, rank))
    assert catalogue.diagnose(seen(np.zeros(2))).code == "STRUCTURE"


@pytest.mark.parametrize("got", [None, "text", [1.0, 2.0], np.zeros(3), np.zeros((2, 1)), {}])
def test_patterns_see_only_arrays_of_the_expected_shape(got):
    catalogue = Catalogue()
    catalogue.register(page("pattern"), always("pattern", Rank.PATTERN))
    assert catalogue.diagnose(seen(got)) is None


def test_a_rule_may_be_about_one_op():
    catalogue = Catalogue()
    catalogue.register(page("log"), always("log", Rank.PATTERN, ("ops.log",)))
    assert catalogue.diagnose(seen(np.zeros(2))) is None
    assert catalogue.diagnose(seen(np.zeros(2), about="ops.log")).code == "log"


def test_a_formula_names_what_equals_it_and_nothing_else():
    catalogue = Catalogue()
    doubled = looks_like("doubled", ValueMismatch, "ops.exp", lambda seen: 2.0 * seen.inputs["x"])
    catalogue.register(page("doubled"), doubled)
    x = np.array([0.5, 3.0])
    assert catalogue.diagnose(seen(2.0 * x, x=x)).code == "doubled"
    assert catalogue.diagnose(seen(2.0 * x + [0, 1e-5], x=x)) is None
    # here the wrong formula gives the right values: it cannot be what went wrong
    assert catalogue.diagnose(seen(2.0 * x, expected=2.0 * x, x=x)) is None


def test_a_broken_rule_is_told_and_costs_nothing(capsys):
    catalogue = Catalogue()
    catalogue.register(page("broken"), Rule("broken", ValueMismatch, lambda seen: 1 / 0, Rank.STRUCTURE))
    catalogue.register(page("next"), always("next", Rank.PATTERN))
    assert catalogue.diagnose(seen(np.zeros(2))).code == "next"
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_code_belongs_to_one_page():
    catalogue = Catalogue()
    catalogue.register(page("a"))
    with pytest.raises(ValueError, match="registered twice"):
        catalogue.register(page("a"))
    with pytest.raises(ValueError, match="a rule for 'c'"):
        catalogue.register(page("b"), always("c", Rank.PATTERN))


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (np.ones(2), np.ones(2) + 1e-12, True),
        (np.ones(2), np.ones(2) + 1e-5, False),
        (np.array([1e6, 1.0]), np.array([1e6, 1.001]), True),
        (np.ones(2), np.ones((2, 1)), False),
        ([np.ones(2), 3.0], (np.ones(2), 3.0), True),
        ([np.ones(2)], [np.ones(2), 3.0], False),
        (np.array([np.nan, 1.0]), np.array([np.nan, 1.0]), True),
        (np.array([True]), np.array([False]), False),
        ("a", "a", False),
        (None, None, False),
    ],
)
def test_same(a, b, equal):
    assert same(a, b) is equal
