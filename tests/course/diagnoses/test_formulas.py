"""Every known-wrong formula: its numbers are named by its own code, right ones and other wrong ones by none.

The numbers are those that the formulas themselves give, so this is about the catalogue as a whole: a mistake must not
be taken for another one. `test_mistakes.py` writes mistakes down independently.
"""

from dataclasses import replace

import numpy as np
import pytest

from tests.course.diagnoses import calls
from tests.course.diagnoses.experiment_calls import experiments
from tinygrade.diagnosis.catalogue import same
from tinygrade.diagnosis.observations import GradientMismatch, ValueMismatch

SUBJECTS = (
    calls.elementwise,
    calls.shapes,
    calls.layers,
    calls.optimisers,
    calls.resuming,
    calls.clipping,
    calls.data,
    calls.transformer,
    calls.generation,
    experiments,
)
#: Pairs of mistakes that give the same numbers in one of the calls here: the first is told as the second.
COINCIDENCES = {
    ("reshape-for-transpose", "axes-in-another-order"),  # nothing is moved, and all sizes are equal
    ("unbroadcast-axes", "unbroadcast-not-summed"),  # the first numbers are the first copy
    ("gradients-accumulate", "sgd-no-momentum"),  # without momentum, a velocity that is only added up
    ("sgd-learning-rate", "sgd-damped"),  # momentum 0.9 leaves a tenth, and the learning rate is a tenth
    ("clip-factor", "clip-always"),  # the norm that is allowed is 1
    ("clip-factor", "clip-squared-norm"),
    ("clip-squared-norm", "clip-always"),  # only one call of three
    ("mask-hides-itself", "mask-aligned-left"),  # two queries of five keys: three too early
    ("mask-transposed", "mask-sees-ahead"),  # likewise
    ("mask-without-order", "mask-sees-ahead"),  # three ahead of four is everything
    ("top-k-count", "top-k-ties"),  # all but the first are equal
    ("top-p-boundary", "temperature-after-softmax"),  # at temperature 1 one token less is enough
}


def families(catalogue, seen):
    """The rules with known-wrong formulas that are asked about this observation, in order."""
    formulas = [rule for rule in catalogue.rules if hasattr(rule.see, "numbers")]
    return [rule for rule in formulas if isinstance(seen, rule.kind) and seen.about in rule.about]


def observations(reference, subject):
    for seen in subject(reference, np.random.default_rng(7)):
        # the array rule of layer norm judges each of its three results beside the others
        yield replace(seen, got=seen.expected)


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.__name__)
def test_each_mistake_is_told_as_itself(catalogue, reference, subject):
    wrong = set()
    for seen in observations(reference, subject):
        known = [(r.code, dict(e), numbers) for r in families(catalogue, seen) for e, numbers in r.see.numbers(seen)]
        for code, evidence, numbers in known:
            told = next(other for other, _, claimed in known if same(claimed, numbers))
            if told != code and (code, told) not in COINCIDENCES:
                wrong.add((seen.about, code, str(evidence), told))
    assert not wrong


@pytest.mark.parametrize(
    ("about", "code"),
    [("functional.softmax", "softmax-overflow"), ("functional.layer_norm", "layer-norm-axis")],
)
def test_a_known_formula_comes_before_any_pattern(catalogue, reference, about, code):
    calls_of_it = [seen for seen in observations(reference, calls.layers) if seen.about == about]
    told = set()
    for seen in calls_of_it:
        for rule in families(catalogue, seen):
            if rule.code == code and isinstance(seen, ValueMismatch):
                told |= {catalogue.diagnose(replace(seen, got=numbers)).code for _, numbers in rule.see.numbers(seen)}
    assert told == {code}


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.__name__)
def test_right_numbers_and_unknown_ones_are_told_as_nothing(catalogue, reference, subject, rng):
    for seen in observations(reference, subject):
        unknown = replace(seen, got=jittered(seen.expected, rng))
        for rule in families(catalogue, seen):
            assert rule.see(seen) is None, (rule.code, seen.about)
            assert rule.see(unknown) is None, (rule.code, seen.about)


def jittered(value, rng):
    """Numbers near the right ones, as of a mistake that nobody knows."""
    if isinstance(value, list | tuple):
        return [jittered(item, rng) for item in value]
    value = np.asarray(value)
    if value.dtype.kind == "b":
        return value ^ (rng.random(value.shape) < 0.3)
    return value * (1.0 + 0.01 * rng.standard_normal(value.shape)) + 0.01 * rng.standard_normal(value.shape)


def test_nonsense_is_no_mistake_of_these(catalogue, reference):
    nonsense = [None, "text", [], (), {}, np.nan, np.zeros(0), np.array(["a"]), object()]
    seen = ValueMismatch("functional.softmax", None, np.ones((2, 2)) / 2, {"x": np.ones((2, 2))}, reference=reference)
    elementwise = calls.elementwise(reference, np.random.default_rng(7))
    gradient = next(call for call in elementwise if isinstance(call, GradientMismatch))
    path = next(calls.optimisers(reference, np.random.default_rng(7)))
    for observation in (seen, gradient, path):
        for rule in families(catalogue, observation):
            for got in nonsense:
                assert rule.see(replace(observation, got=got)) is None, (rule.code, got)


def test_every_family_is_tried_here(catalogue, reference):
    tried = set()
    for subject in SUBJECTS:
        for seen in observations(reference, subject):
            for rule in families(catalogue, seen):
                if next(rule.see.numbers(seen), None):
                    tried.add((rule.code, rule.kind, rule.about))
    assert tried == {(r.code, r.kind, r.about) for r in catalogue.rules if hasattr(r.see, "numbers")}


def test_without_a_solved_package_formulas_that_need_it_are_silent(catalogue, reference):
    for seen in observations(reference, calls.layers):
        for rule in families(catalogue, seen):
            assert rule.see(replace(seen, reference=None)) is None


def test_steps_after_the_first_wrong_one_are_not_computed(catalogue, reference):
    seen = next(o for o in observations(reference, calls.transformer) if o.about == "train.train_step")
    asked = []

    class Counting:
        """The solved package, and how often a loss was asked for."""

        def __getattr__(self, name):
            return getattr(reference, name)

        def fetch(self, value):
            asked.append(value)
            return reference.fetch(value)

    wrong = replace(seen, got=[loss + 1.0 for loss in seen.expected], reference=Counting())
    rules = families(catalogue, wrong)
    assert all(rule.see(wrong) is None for rule in rules)
    followed = len(asked)
    claimed = [numbers for rule in rules for _, numbers in rule.see.numbers(wrong)]
    assert {len(numbers) for numbers in claimed} == {len(seen.expected)}
    assert len(claimed) <= followed <= (len(asked) - followed) / len(seen.expected)


def test_a_claim_of_another_length_is_no_match(catalogue, reference):
    seen = next(o for o in observations(reference, calls.transformer) if o.about == "train.train_step")
    for rule in families(catalogue, seen):
        for _, numbers in rule.see.numbers(seen):
            assert rule.see(replace(seen, got=numbers)) is not None
            assert rule.see(replace(seen, got=numbers[:-1])) is None
            assert rule.see(replace(seen, got=[*numbers, 9.0])) is None
