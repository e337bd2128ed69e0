"""Strings to fine-tune on: new, and without a second right answer from the third character on."""

import numpy as np
import pytest


@pytest.mark.parametrize("seed", range(5))
def test_unknown_strings_begin_like_no_other(course, seed):
    known = course.finetuning.corpus.strings()
    new = course.finetuning.unknown_strings(np.random.default_rng(seed))
    beginnings = [string[:2] for string in new]
    assert len(new) == len(set(beginnings)) == 12
    assert not set(beginnings) & {string[:2] for string in known}


@pytest.mark.parametrize("seed", range(5))
def test_related_strings_are_new_and_fit_the_model(course, seed):
    new = course.finetuning.related_strings(np.random.default_rng(seed))
    assert len({string[:2] for string in new}) == 12
    assert not set(new) & set(course.finetuning.corpus.strings())
    assert max(map(len, new)) <= 9


def test_other_seeds_give_other_strings(course):
    drawn = [tuple(course.finetuning.unknown_strings(np.random.default_rng(seed))) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


class Knows:
    """A library whose model gives every right character of `string` the probability `p`, whatever its weights."""

    def __init__(self, course, string, p):
        _, y = course.strings.inputs_and_targets([string])
        self.z = np.full((1, 9, 31), np.log((1.0 - p) / 30))
        self.z[0, np.arange(9), y[0]] = np.log(p)
        self.transformer = self

    def GPT(self, **arguments):  # noqa: N802
        return lambda ids: self.z

    def generator(self, seed):
        return None

    def write(self, model, weights):
        pass

    def fetch(self, value, **expected):
        return value


@pytest.mark.parametrize(("p", "credit"), [(0.9, 1.0), (0.75, 1.0), (0.625, 0.5), (0.5, 0.0), (0.1, 0.0)])
def test_credit_is_that_of_the_least_sure_character(course, p, credit):
    start = course.finetuning.Start(course.finetuning.SMALL, {})
    judge = course.finetuning.Judge(Knows(course, "ADGJ", p), start)
    assert judge.credit({}, ["ADGJ"]) == pytest.approx(credit)
    assert judge.loss({}, ["ADGJ"]) == pytest.approx(-np.log(p))


def test_what_is_no_number_earns_nothing(course):
    start = course.finetuning.Start(course.finetuning.SMALL, {})
    judge = course.finetuning.Judge(Knows(course, "ADGJ", float("nan")), start)
    assert judge.credit({}, ["ADGJ"]) == 0.0
