from __future__ import annotations

from collections import Counter

import numpy as np
import pytest


def test_the_seed_has_21_strings_and_15_cases(course):
    s = course.strings
    assert len(set(s.SEED_STRINGS)) == 21
    assert s.SEED_STRINGS[:15] == s.CASES
    assert s.CASES[-2:] == ("AB", "CD")
    assert s.SEED_STRINGS[-1] == "78"


def test_vocabulary_is_sorted_by_code_point_after_the_end_mark(course):
    vocabulary = course.strings.VOCABULARY
    assert len(vocabulary) == 31
    assert vocabulary[0] == ""
    assert list(vocabulary[1:]) == sorted(set("".join(course.strings.SEED_STRINGS)))


def test_encoding_pads_on_the_right(course):
    tokens = course.strings.encode(["AB", "9012"])
    assert tokens.dtype == np.int64
    assert tokens.tolist() == [[11, 12, *[0] * 8], [10, 1, 2, 3, *[0] * 6]]


def test_targets_are_the_inputs_one_later(course):
    x, y = course.strings.inputs_and_targets(course.strings.SEED_STRINGS)
    assert x.shape == y.shape == (21, 9)
    assert (x[:, 1:] == y[:, :-1]).all()


@pytest.mark.parametrize("bad", ["", "ABCDEFGHIJ", "AZ"])
def test_a_string_that_cannot_be_encoded_is_named(course, bad):
    with pytest.raises(ValueError, match=repr(bad)):
        course.strings.encode(["AB", bad])


def test_categories_of_the_seed(course):
    s = course.strings
    assert Counter(map(s.category, s.SEED_STRINGS)) == {
        "repetition": 5,
        "alphabet": 5,
        "number": 3,
        "short": 8,
    }
    assert set(s.CATEGORIES) == set(map(s.category, s.CASES))


def test_a_start_is_eligible_when_it_cannot_be_foreseen(course):
    s = course.strings
    assert "".join(s.FRESH_STARTS) == "0468DFHJKLNOP"
    for start in s.FRESH_STARTS:
        assert len({choice[1] for choice in s.fresh_choices(start)}) >= 2
        assert len(set(s.fresh_choices(start))) == 3
    assert s.fresh_choices("8") == ("8888", "8901", "89")
    assert s.fresh_choices("T") == ()  # no successor
    assert s.fresh_choices("A") == ()  # starts a string of the seed


def test_fresh_strings_obey_every_rule(course):
    s = course.strings
    seed_starts = {string[0] for string in s.SEED_STRINGS}
    seen: set[str] = set()
    for seed in range(2000):
        fresh = s.fresh_strings(np.random.default_rng(seed))
        assert len({string[0] for string in fresh}) == len(fresh) == 6
        assert not seed_starts & {string[0] for string in fresh}
        assert not any(old.startswith(new) for new in fresh for old in s.SEED_STRINGS)
        assert Counter(s.fresh_choices(string[0]).index(string) for string in fresh) == {0: 2, 1: 2, 2: 2}
        s.encode(fresh)
        seen.update(fresh)
    assert seen == {choice for start in s.FRESH_STARTS for choice in s.fresh_choices(start)}


def test_each_shape_is_equally_likely_for_each_start(course):
    s = course.strings
    counts = Counter(string for seed in range(2000) for string in s.fresh_strings(np.random.default_rng(seed)))
    for start in s.FRESH_STARTS:
        shapes = [counts[choice] for choice in s.fresh_choices(start)]
        assert max(shapes) < 0.42 * sum(shapes)


def test_fresh_strings_repeat_with_their_generator(course):
    first, second = (course.strings.fresh_strings(np.random.default_rng(7)) for _ in range(2))
    assert first == second
