from __future__ import annotations

from itertools import product
from math import comb

import numpy as np
import pytest


def test_distribution_of_the_next_character(tree):
    assert tree.distribution("A") == pytest.approx({"A": 1 / 3, "B": 2 / 3})
    assert tree.distribution("AB") == {"C": 0.5, "": 0.5}
    assert tree.distribution("ABCD") == {"": 1.0}
    assert tree.distribution("Z") == {}
    assert tree.probability("1", "1") == pytest.approx(1 / 3)
    assert tree.probability("1", "3") == 0.0


def test_entropy_floor(tree):
    assert tree.entropy_floor() == pytest.approx(0.056881, abs=1e-6)
    assert tree.entropy_floor() == pytest.approx(10.750557 / 189, rel=1e-6)
    assert tree.entropy_floor(pad_masked=True) == pytest.approx(0.110753, abs=1e-6)


def test_fresh_strings_lower_the_floor_and_move_nothing_else(course, tree):
    s, PrefixTree = course.strings, course.prefix_tree.PrefixTree
    for seed in range(50):
        both = PrefixTree([*s.SEED_STRINGS, *s.fresh_strings(np.random.default_rng(seed))])
        assert both.entropy_floor() == pytest.approx(10.750557 / 243, rel=1e-6)
        assert both.entropy_floor() == pytest.approx(0.044241, abs=1e-6)
        assert both.ceiling(s.CASES) == 12
        assert both.tied_cases(s.CASES) == tree.tied_cases(s.CASES)
        for string in s.SEED_STRINGS:
            for prefix in (string[: i + 1] for i in range(len(string))):
                assert both.distribution(prefix) == tree.distribution(prefix)


def test_what_predicting_little_earns(course):
    t, strings = course.prefix_tree, course.strings.SEED_STRINGS
    assert t.uniform_entropy() == pytest.approx(3.434, abs=5e-4)
    assert t.unigram_entropy(strings) == pytest.approx(1.2987, abs=5e-5)
    assert t.position_entropy(strings) == pytest.approx(0.7673, abs=5e-5)
    assert t.previous_character_entropy(strings) == pytest.approx(0.1854, abs=5e-5)
    assert t.position_and_previous_entropy(strings) == pytest.approx(0.0918, abs=5e-5)


def test_the_floor_is_the_entropy_given_the_whole_prefix(course, tree):
    whole = course.prefix_tree.conditional_entropy(course.strings.SEED_STRINGS, lambda seen, i: seen)
    assert whole == pytest.approx(tree.entropy_floor(), rel=1e-12)


def test_ceiling_equals_brute_force_over_all_argmax_tables(course, tree):
    cases = course.strings.CASES
    tables = list(argmax_tables(tree, cases, lambda p: list(p)))
    best = max(score(table, cases) for table in tables)
    assert tree.ceiling(cases) == best == 12


def test_a_perfect_model_scores_eight_and_four_coins(course, tree):
    """Over all ways to break the ties of the true distribution: 8 + Binomial(4, 1/2), mean 10."""
    cases = course.strings.CASES
    tables = list(argmax_tables(tree, cases, lambda p: [c for c in p if p[c] == max(p.values())]))
    scores = [score(table, cases) for table in tables]
    for heads in range(5):
        assert scores.count(8 + heads) / len(scores) == comb(4, heads) / 16
    assert np.mean(scores) == 10


def test_tied_cases_are_those_that_the_coins_decide(course, tree):
    cases = course.strings.CASES
    tables = list(argmax_tables(tree, cases, lambda p: [c for c in p if p[c] == max(p.values())]))
    right = {case: np.mean([score(table, [case]) for table in tables]) for case in cases}
    assert tree.tied_cases(cases) == tuple(case for case in cases if 0 < right[case] < 1)
    assert tree.tied_cases(cases) == ("CCCC", "ABCD", "EFGH", "1234", "5678", "CD")


def test_ceiling_of_strings_without_conflict(course):
    tree = course.prefix_tree.PrefixTree(["AB", "CD"])
    assert tree.ceiling(["AB", "CD"]) == 2
    assert tree.tied_cases(["AB", "CD"]) == ()


def argmax_tables(tree, cases, allowed):
    """Every table prefix -> next character over the prefixes that the cases meet."""
    prefixes = sorted({case[:i] for case in cases for i in range(1, len(case))})
    for choice in product(*(allowed(tree.distribution(prefix)) for prefix in prefixes)):
        yield dict(zip(prefixes, choice, strict=True))


def score(table, cases):
    return sum(all(table[case[:i]] == case[i] for i in range(1, len(case))) for case in cases)
