"""What a stand-in may be asked with: the reference must not be made to take memory for a hostile question."""

import tracemalloc

import numpy as np
import pytest

from tinygrade.checks.given import MAX_ENTRIES, MAX_PRODUCT, PartAnswers
from tinygrade.checks.package import Part
from tinygrade.failures import StudentFailure


@pytest.fixture
def ask(reference):
    answers = PartAnswers(reference, {})

    def question(part, args, **more):
        wanted = {"event": "given", "weights": {}, "cotangent": None, "wrt": [], "part": part, "args": args}
        parameters = more.pop("parameters", ())
        return answers({**wanted, **more}, Part(part, parameters))["value"]

    return question


def test_what_checks_ask_is_answered(ask):
    assert type(ask("transformer.causal_mask", [4])) is np.ndarray
    q = np.zeros((5, 2, 10, 8))
    mask = np.tri(10, dtype=bool)
    assert ask("transformer.scaled_dot_product_attention", [q, q, q, mask], wrt=[0, 1, 2]).shape == q.shape


HUGE = np.zeros((1, 1, MAX_ENTRIES + 1, 1))
LONG = np.zeros((1, 1, MAX_ENTRIES, 1))
INDEX = np.zeros((MAX_ENTRIES, 1), np.uint8)
ONE = np.ones((1, 1), bool)
QUESTIONS = {
    "a large size": ["transformer.causal_mask", [4000]],
    "a large size in a tuple": ["transformer.causal_mask", [(4000,)]],
    "a size below zero": ["transformer.causal_mask", [-1000]],
    "a large array": ["transformer.scaled_dot_product_attention", [HUGE, HUGE, HUGE, ONE]],
    "large arrays in a list": ["functional.softmax", [[HUGE, HUGE]]],
    "a table": ["functional.softmax", [{"a": HUGE}]],
    "a size of numpy's": ["transformer.causal_mask", [np.int64(4000)]],
    "a size in an array": ["transformer.causal_mask", [np.array(4000)]],
    "arrays that are broadcast": ["ops.add", [np.zeros((MAX_ENTRIES, 1)), np.zeros((1, MAX_ENTRIES))]],
    "many entries of a byte": ["functional.softmax", [np.zeros((1, MAX_ENTRIES + 1), np.uint8)]],
    "indices that are broadcast": ["ops.getitem", [np.zeros((2, 2)), (INDEX, INDEX.T)]],
    "scores of a length squared": ["transformer.scaled_dot_product_attention", [LONG, LONG, LONG, ONE]],
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_hostile_question_is_refused_in_little_memory(ask, name):
    tracemalloc.start()
    try:
        with pytest.raises(StudentFailure, match="does not take"):
            ask(*QUESTIONS[name])
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_the_largest_question_takes_bounded_memory(ask):
    side = int(MAX_PRODUCT**0.5)
    tracemalloc.start()
    try:
        with pytest.raises(StudentFailure, match="the limit is 8 MiB"):
            ask("ops.mul", [np.zeros((side, 1)), np.zeros((1, side))], wrt=[0, 1])
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("path", ["__globals__.np.pi", "__defaults__", "weight", "__class__"])
def test_weights_are_those_of_the_part_and_no_way_into_the_reference(ask, path):
    with pytest.raises(StudentFailure, match="weights that it does not have"):
        ask("transformer.causal_mask", [4], weights={path: np.zeros(2)})
    with pytest.raises(StudentFailure, match="weights that it does not have"):
        ask("transformer.causal_mask", [4], parameters=("weight",))


# ---- arguments by name, and several results -----------------------------------------------------------


def test_arguments_may_be_given_by_name(ask):
    x = np.array([[0.0, np.log(3.0)], [0.0, 0.0]])
    assert np.allclose(ask("functional.softmax", [x, -1], keywords=["axis"]), [[0.25, 0.75], [0.5, 0.5]])
    assert np.allclose(ask("functional.softmax", [0, x], keywords=["axis", "x"], wrt=[1]).sum(axis=0), 1.0)


def test_gradients_of_tensors_that_were_given_by_name(ask):
    x, weight, bias, g = np.eye(2, 3), np.full(3, 2.0), np.zeros(3), np.ones((2, 3))
    names = {"keywords": ["bias", "weight"], "wrt": [0, 2, 1], "cotangent": g}
    dx, dweight, dbias = ask("functional.layer_norm", [x, bias, weight], **names)
    assert dx.shape == x.shape
    assert dweight.shape == (3,)
    assert dbias.tolist() == [2.0] * 3


def test_a_rule_on_arrays_gives_several_results(ask):
    x, g = np.array([[-1.0, 1.0]]), np.array([[1.0, 0.0]])
    dx, dweight, dbias = ask("functional.layer_norm_vjp", [g, x, np.ones(2), 0.0], keywords=["eps"])
    assert [dx.tolist(), dweight.tolist(), dbias.tolist()] == [[[0.0, 0.0]], [-1.0, 0.0], [1.0, 0.0]]
    assert all(type(value) is np.ndarray for value in (dx, dweight, dbias))


@pytest.mark.parametrize(
    "keywords", [["axes"], ["x"], ["axis", "axis"], ["a", "b", "c"], "axis", None, [3], [["axis"]]]
)
def test_names_that_make_no_sense_are_refused(ask, keywords):
    with pytest.raises(StudentFailure, match="does not take"):
        ask("functional.softmax", [np.zeros((2, 2)), -1], keywords=keywords)
