from __future__ import annotations

from itertools import product
from math import comb, inf, log, nan

import numpy as np
import pytest


@pytest.fixture(scope="module")
def judge(course):
    return course.judging


@pytest.fixture(scope="module")
def cases(course):
    return course.strings.CASES


def judged(judge, table, cases, next_char, tree):
    return judge.judge_predictions(table(cases, next_char), tree)


# ---- loss


def test_mean_loss_of_a_model_that_knows_nothing_is_ln_31(course, judge):
    _, y = course.strings.inputs_and_targets(course.strings.SEED_STRINGS)
    assert judge.mean_loss(np.zeros((21, 9, 31)), y) == pytest.approx(log(31))


def test_mean_loss_of_the_data_s_own_distribution_is_the_floor(course, judge, table, fresh, fresh_tree):
    strings = [*course.strings.SEED_STRINGS, *fresh]
    _, y = course.strings.inputs_and_targets(strings)
    own = table(strings, lambda prefix, _: fresh_tree.distribution(prefix))
    assert judge.mean_loss(own, y) == pytest.approx(fresh_tree.entropy_floor(), rel=1e-12)


def test_probabilities_that_do_not_sum_to_one_gain_nothing(course, judge, fresh_tree):
    """All log-probabilities 0 would claim certainty of every character at once."""
    _, y = course.strings.inputs_and_targets(course.strings.CASES)
    assert judge.mean_loss(np.full((15, 9, 31), 5.0), y) == pytest.approx(log(31))
    assert judge.learned_count(judge.judge_predictions(np.zeros((15, 9, 31)), fresh_tree)) == 0


@pytest.mark.parametrize("with_fresh", [False, True])
def test_loss_credit_of_what_little_models_know(course, judge, fresh, with_fresh):
    t, strings = course.prefix_tree, [*course.strings.SEED_STRINGS, *(fresh if with_fresh else [])]
    floor, none_at = t.PrefixTree(strings).entropy_floor(), t.position_entropy(strings)

    def credit(loss):
        return judge.loss_credit(loss, floor, none_at)

    assert credit(floor) == credit(floor + 0.0199) == 1.0
    assert credit(floor + 0.0201) < 1.0
    assert 0.35 < credit(t.previous_character_entropy(strings)) < 0.5
    assert 0.75 < credit(t.position_and_previous_entropy(strings)) < 0.9
    assert credit(none_at) == pytest.approx(0.0, abs=1e-12)
    assert credit(t.unigram_entropy(strings)) == credit(t.uniform_entropy()) == 0.0


def test_a_bigram_table_gets_about_half_on_the_seed_s_strings(judge):
    assert judge.loss_credit(0.1854, 0.056881, 0.7673) == pytest.approx(0.479, abs=1e-3)


def test_a_loss_below_the_floor_is_a_leak_and_earns_nothing(judge):
    floor = 0.044241
    assert judge.is_leak(0.0009, floor)
    assert judge.loss_credit(0.0009, floor, 0.83) == 0.0
    assert not judge.is_leak(floor - 0.0029, floor)
    assert judge.loss_credit(floor - 0.0029, floor, 0.83) == 1.0
    assert judge.loss_credit(floor - 0.0031, floor, 0.83) == 0.0


@pytest.mark.parametrize("loss", [nan, inf, -inf])
def test_a_loss_that_is_not_finite_earns_nothing(judge, loss):
    assert judge.loss_credit(loss, 0.044, 0.83) == 0.0
    assert not judge.is_leak(loss, 0.044)


# ---- the 15 cases


def test_the_data_s_own_distribution_learns_all_cases(judge, table, cases, fresh_tree):
    predictions = judged(judge, table, cases, lambda p, _: fresh_tree.distribution(p), fresh_tree)
    assert judge.learned_count(predictions) == 15
    assert [p.input for p in predictions] == list(cases)
    assert predictions[5].expected == "BCD"
    assert all(p.exact == (p.got == p.expected) for p in predictions)


def test_ties_never_matter_for_credit(judge, table, cases, fresh_tree):
    """Each tie broken by a hair in either direction: 8 to 12 exact, 15 learned."""
    prefixes = ["AB", "EF", "12", "56", "C"]
    seen = set()
    for favourites in product([0, 1], repeat=len(prefixes)):
        choice = dict(zip(prefixes, favourites, strict=True))

        def broken(prefix, _, choice=choice):
            p = fresh_tree.distribution(prefix)
            if prefix in choice:
                favourite, other = sorted(p, reverse=bool(choice[prefix]))
                p = {favourite: 0.51, other: 0.49}
            return p

        predictions = judged(judge, table, cases, broken, fresh_tree)
        assert judge.learned_count(predictions) == 15
        seen.add(judge.exact_count(predictions))
        misses = {p.note for p in predictions if not p.exact}
        assert misses <= {"two strings begin alike"}
    assert seen == {8, 9, 10, 11, 12}


def test_fresh_strings_change_no_credit(judge, course, table, cases, tree, fresh_tree):
    def blurred(prefix, _):
        p = {char: 0.6 * q for char, q in tree.distribution(prefix).items()}
        return p | {"0": p.get("0", 0.0) + 0.4}

    assert judged(judge, table, cases, blurred, tree) == judged(judge, table, cases, blurred, fresh_tree)


@pytest.mark.parametrize(
    ("p_next", "credit"), [(1.0, 1.0), (0.75, 1.0), (0.7, 0.8), (0.625, 0.5), (0.5, 0.0), (0.1, 0.0)]
)
def test_credit_slides_from_a_quarter_to_half_of_missing_probability(judge, table, tree, p_next, credit):
    """MNOP has no rival; its worst position is the last."""

    def model(prefix, string):
        return {string[len(prefix)]: p_next, "9": 1 - p_next} if prefix == "MNO" else tree.distribution(prefix)

    prediction = judge.judge_case("MNOP", table(["MNOP"], model)[0], tree)
    assert prediction.credit == pytest.approx(credit)
    assert prediction.exact == (p_next > 0.5)


def test_credit_asks_for_no_more_than_the_data_has(judge, table, tree):
    """A is followed by A in one string of three: a third is all that AAAA asks for."""
    prediction = judge.judge_case("AAAA", table(["AAAA"], lambda p, _: tree.distribution(p))[0], tree)
    assert prediction.credit == 1.0
    assert not prediction.exact
    assert prediction.note == "two strings begin alike"


def test_what_follows_the_end_does_not_count(judge, table, tree):
    def rambling(prefix, string):
        return {"Q": 1.0} if prefix == "MNOP" else tree.distribution(prefix)

    prediction = judge.judge_case("MNOP", table(["MNOP"], rambling)[0], tree)
    assert (prediction.got, prediction.credit, prediction.note) == ("NOP", 1.0, "")


def test_a_leaking_model_gets_more_than_the_ceiling(course, judge, table, cases, fresh, fresh_tree):
    """It sees the next character: 15 exact, which no causal model can, at a loss below the floor."""

    def leaking(prefix, string):
        return {string[len(prefix) : len(prefix) + 1]: 1.0}

    predictions = judged(judge, table, cases, leaking, fresh_tree)
    assert judge.exact_count(predictions) == 15 > fresh_tree.ceiling(cases)
    strings = [*course.strings.SEED_STRINGS, *fresh]
    _, y = course.strings.inputs_and_targets(strings)
    assert judge.is_leak(judge.mean_loss(table(strings, leaking), y), fresh_tree.entropy_floor())


def test_a_uniform_model_learns_nothing(judge, fresh_tree):
    predictions = judge.judge_predictions(np.full((15, 9, 31), -log(31)), fresh_tree)
    assert judge.exact_count(predictions) == judge.learned_count(predictions) == 0
    assert all(p.credit < 0.8 for p in predictions)


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_values_that_are_no_numbers_earn_nothing(judge, fresh_tree, value):
    predictions = judge.judge_predictions(np.full((15, 9, 31), value), fresh_tree)
    assert {(p.exact, p.credit, p.note) for p in predictions} == {(False, 0.0, "not a number")}


def test_a_string_of_another_run_is_our_mistake(judge, table, tree):
    model = table(["DEFG"], lambda p, s: {s[len(p) : len(p) + 1]: 1.0})
    with pytest.raises(ValueError, match="DEFG"):
        judge.judge_case("DEFG", model[0], tree)
    with pytest.raises(ValueError):
        judge.judge_predictions(np.zeros((14, 9, 31)), tree)


# ---- notes


@pytest.mark.parametrize(
    ("string", "answers", "note"),
    [
        ("MNOP", "NOP", ""),
        ("ABCD", "B", "two strings begin alike, and the other one is too likely"),
        ("AAAA", "BAA", "two strings begin alike, and the other one is too likely"),
        ("MNOP", "MNO", "off by one"),  # targets not shifted: it repeats its input
        ("MNOP", "OP", "off by one"),  # shifted twice
        ("MNOP", "NO", "truncated"),
        ("AAAA", "AA", "truncated"),
        ("CD", "", "truncated"),
        ("MNOP", "NQP", "wrong"),
        ("9012", "000", "wrong"),
    ],
)
def test_notes_name_the_kind_of_miss(judge, table, tree, string, answers, note):
    def model(prefix, _):
        return {answers[len(prefix) - 1 : len(prefix)]: 1.0}

    prediction = judge.judge_case(string, table([string], model)[0], tree)
    assert prediction.got == answers
    assert prediction.note == note


def test_right_but_hesitant_is_said(judge, table, tree):
    def hesitant(prefix, string):
        return {string[len(prefix)]: 0.6, "9": 0.4} if len(prefix) < 4 else {"": 1.0}

    prediction = judge.judge_case("MNOP", table(["MNOP"], hesitant)[0], tree)
    assert prediction.exact
    assert prediction.credit == pytest.approx(0.4)
    assert prediction.note == "right, but not sure enough"


# ---- fresh strings


def test_fresh_strings_of_a_trained_model_prove_it(judge, table, fresh, fresh_tree):
    own = table(fresh, lambda p, _: fresh_tree.distribution(p))
    assert judge.fresh_credit(own, fresh, fresh_tree) == 1.0
    assert judge.training_proof(1.0) == 1.0


@pytest.mark.parametrize("next_char", ["bigram", "uniform", "all shapes"])
def test_what_was_known_beforehand_proves_nothing(course, judge, table, tree, next_char):
    s, t = course.strings, course.prefix_tree
    every = t.PrefixTree([c for start in s.FRESH_STARTS for c in s.fresh_choices(start)])
    models = {
        "bigram": lambda prefix, _: tree.distribution(prefix[-1]) or {"": 1.0},
        "uniform": lambda prefix, _: dict.fromkeys(s.VOCABULARY, 1 / 31),
        "all shapes": lambda prefix, _: every.distribution(prefix),
    }
    for seed in range(100):
        fresh = s.fresh_strings(np.random.default_rng(seed))
        both = t.PrefixTree([*s.SEED_STRINGS, *fresh])
        credit = judge.fresh_credit(table(fresh, models[next_char]), fresh, both)
        assert judge.training_proof(credit) == 0.0


@pytest.mark.parametrize("shape", [0, 1, 2])
def test_a_bet_on_one_shape_proves_nothing(course, judge, table, shape):
    """Two of each shape are dealt, so such a bet is right for exactly two of six."""
    s, t = course.strings, course.prefix_tree
    for seed in range(100):
        fresh = s.fresh_strings(np.random.default_rng(seed))
        both = t.PrefixTree([*s.SEED_STRINGS, *fresh])
        bet = t.PrefixTree([s.fresh_choices(start)[shape] for start in s.FRESH_STARTS])
        credit = judge.fresh_credit(
            table(fresh, lambda p, _, bet=bet: bet.distribution(p) or {"": 1.0}), fresh, both
        )
        assert credit == pytest.approx(2 / 6)
        assert judge.training_proof(credit) == 0.0


def test_the_best_bet_on_shapes_is_rarely_right(course):
    """Exact odds of more than four of six, for each way to spread bets over the 13 starts."""
    total = len(course.strings.FRESH_STARTS)
    bets = [(a, b, total - a - b) for a in range(total + 1) for b in range(total + 1 - a)]
    odds = [odds_of_five_or_six(bet, total) for bet in bets]
    assert max(five + six for five, six in odds) < 1 / 44
    assert max(six for _, six in odds) < 1 / 400


def odds_of_five_or_six(bet, total):
    """Two of each shape are dealt to six starts; the bet met there is (i, j, k) shapes."""
    five = six = 0.0
    for i, j in product(range(7), repeat=2):
        met = (i, j, 6 - i - j)
        if met[2] < 0:
            continue
        weight = np.prod([comb(n, k) for n, k in zip(bet, met, strict=True)]) / comb(total, 6)
        six += weight / 90 * (met == (2, 2, 2))
        five += weight * 3 / 90 * (sorted(met) == [1, 2, 3])  # one of the three is another shape
    return five, six


def test_the_end_of_a_fresh_string_counts(course, judge, table):
    """DEFG is no answer to DE, although it begins with it."""
    s, t = course.strings, course.prefix_tree
    tree = t.PrefixTree([*s.SEED_STRINGS, "DE"])
    run = t.PrefixTree(["DEFG"])
    model = table(["DE"], lambda p, _: run.distribution(p))
    assert judge.judge_case("DE", model[0], tree).credit == 1.0
    assert judge.fresh_credit(model, ["DE"], tree) == 0.0


def test_broken_fresh_values_prove_nothing(judge, fresh, fresh_tree):
    assert judge.fresh_credit(np.full((6, 9, 31), nan), fresh, fresh_tree) == 0.0
    assert judge.fresh_credit(np.zeros((0, 9, 31)), [], fresh_tree) == 0.0
    assert judge.training_proof(nan) == 0.0


def test_the_proof_slides(judge):
    assert judge.training_proof(4 / 6) == 0.0
    assert 0.0 < judge.training_proof(5 / 6) < 1.0
    assert judge.training_proof(0.9) == judge.training_proof(1.0) == 1.0


# ---- summaries


def test_improvement_is_the_part_of_the_loss_that_went(judge):
    assert judge.improvement(2.8945, 0.0645) == pytest.approx(0.9777, abs=1e-4)  # the seed's run
    assert judge.improvement(2.0, 3.0) == -0.5
    assert all(np.isnan(judge.improvement(*pair)) for pair in [(0.0, 1.0), (nan, 1.0), (1.0, inf)])


def test_order_of_learning(judge, table, cases, tree):
    def knows(*categories):
        def model(prefix, string):
            return tree.distribution(prefix) if judge.category(string) in categories else {"0": 1.0}

        return judged(judge, table, cases, model, tree)

    history = [(200, knows("number", "repetition", "short")), (0, knows()), (100, knows("number"))]
    assert judge.order_of_learning(history) == [
        ("number", 100),
        ("repetition", 200),
        ("short", 200),
        ("alphabet", None),
    ]
    assert {step for _, step in judge.order_of_learning([])} == {None}
