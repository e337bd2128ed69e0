"""Known mistakes are recognised from fingerprints, as they are from formulas."""

import numpy as np
import pytest

from tinygrade.checks.recorded import claims
from tinygrade.checks.recorded.answers import Store
from tinygrade.checks.recorded.claims import RecordedCatalogue, fingerprint
from tinygrade.checks.recorded.recorder import RecordingLibrary
from tinygrade.checks.recorded.rehearsal import RehearsingCatalogue
from tinygrade.diagnosis.catalogue import Catalogue, Page, Rank, Rule
from tinygrade.diagnosis.observations import ValueMismatch
from tinygrade.model import Diagnosis

RNG = np.random.default_rng(8)
X = RNG.standard_normal((3, 4))
RIGHT = np.exp(X)


class Family:
    """Two claims."""

    def numbers(self, seen):
        yield {"factor": 2}, 2.0 * np.asarray(seen.inputs["x"])
        yield {"factor": 3}, [3.0 * np.asarray(seen.inputs["x"]), np.array(1.0)]

    def __call__(self, seen):
        raise AssertionError("a recorded formula is not asked again")


class Depends(Family):
    def numbers(self, seen):
        yield {}, seen.got


def catalogue(*rules):
    made = Catalogue()
    codes = dict.fromkeys(rule.code for rule in rules)
    for code in codes:
        made.register(Page(code, code, "Why?", ""), *(rule for rule in rules if rule.code == code))
    return made


def seen(got, x=X):
    return ValueMismatch("ops.exp", got, RIGHT, {"x": x})


@pytest.fixture
def answers(reference):
    recorder = RecordingLibrary(reference)
    rules = [Rule("scaled", ValueMismatch, Family(), Rank.STRUCTURE, ("ops.exp",))]
    rehearsing = RehearsingCatalogue(catalogue(*rules), recorder)
    rehearsing.foresee(lambda: iter([seen(RIGHT)]))
    return recorder.answers


def empty():
    """What a course knows that hands out pages and no formulas."""
    return catalogue(Rule("scaled", ValueMismatch, lambda _: None, Rank.STRUCTURE, ("none",)))


def test_claims_are_recognised_without_their_formula(answers):
    found = RecordedCatalogue(empty(), answers)
    assert found.diagnose(seen(2.0 * X * (1 + 1e-13))) == Diagnosis("scaled", {"factor": 2})
    assert found.diagnose(seen((3.0 * X, 1.0))) == Diagnosis("scaled", {"factor": 3})


@pytest.mark.parametrize("got", [RIGHT, 2.0 * X + 1e-4, 2.0 * X.T, 4.0 * X, None, "text", [X, X], np.zeros(0)])
def test_nothing_else_is(answers, got):
    assert RecordedCatalogue(empty(), answers).diagnose(seen(got)) is None


def test_other_inputs_have_no_claims(answers):
    assert RecordedCatalogue(empty(), answers).diagnose(seen(2.0 * X, x=X + 1.0)) is None


def test_what_depends_on_the_students_value_is_not_recorded():
    rule = Rule("scaled", ValueMismatch, Depends(), Rank.STRUCTURE)
    assert claims.claimed(rule, seen(X), seen(RIGHT)) is None
    assert claims.claimed(Rule("scaled", ValueMismatch, lambda _: {}), seen(X), seen(RIGHT)) is None


def test_a_record_holds_no_claimed_array(answers):
    store = Store(answers.trees, answers.numbers())
    (name,) = store.trees
    assert set(store.get(name)) == {"words", "marks"}
    assert store.numbers()["f8"].size == 4


def test_what_is_not_finite_is_part_of_the_form():
    one, other = np.array([1.0, np.nan, 2.0]), np.array([1.0, 2.0, np.nan])
    assert fingerprint(one)[0] != fingerprint(other)[0]
    assert fingerprint({"a": one}) is None


def test_what_has_no_name_has_no_claims():
    odd = ValueMismatch("ops.exp", X, RIGHT, {"x": object()})
    assert claims.name_of(odd) == ""
    assert RecordedCatalogue(empty(), Store()).diagnose(odd) is None
