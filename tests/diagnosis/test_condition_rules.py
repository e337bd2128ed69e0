"""Re-runs on simpler inputs: a rule speaks only when the simpler case is right."""

import numpy as np
import pytest

from tinygrade.diagnosis.observations import Unanswered, ValueMismatch
from tinygrade.diagnosis.rules import conditions

X, ROW = np.arange(12.0).reshape(3, 4), np.arange(4.0)
IDS = np.array([0, 2, 2])


def asked(gradient, inputs, right, **more):
    """A mismatch whose re-run agrees where `right(inputs)` holds; it keeps what was asked."""
    questions = []

    def rerun(simpler):
        questions.append(simpler)
        return None if right(*simpler) else seen

    seen = gradient(X, X + 1, list(inputs), cotangent=X, expected_output=X, rerun=rerun, **more)
    return seen, questions


def rule(name):
    return conditions.when(dict(conditions.CONDITIONS)[name])


CASES = {
    "layout-only": ([X], {"layout": "F"}, lambda x: True, {"layout": "F"}),
    "broadcast-only": ([X, ROW], {}, lambda x, row: row.shape == x.shape, {"shapes": [[3, 4], [4]]}),
    "repeats-only": ([X, IDS], {}, lambda x, ids: len(set(ids)) == 3, {"argument": "y"}),
    "scale-only": ([X, ROW], {}, lambda x, row: (row == 1).all(), {"ones": "y"}),
    "batch-only": ([X, IDS], {}, lambda x, ids: x.shape == (1, 4) and ids.shape == (1,), {"batch": 3}),
    "length-only": (
        [np.zeros((2, 3, 4)), np.zeros((3, 3))],
        {},
        lambda x, mask: x.shape == (2, 1, 4) and mask.shape == (1, 1),
        {"axis": 1, "size": 3},
    ),
    "rectangular-only": ([X, X.T], {}, lambda x, y: x.shape == y.shape == (3, 3), {"size": 3}),
}


@pytest.mark.parametrize("name", CASES)
def test_right_under_a_condition(gradient, name):
    inputs, more, right, evidence = CASES[name]
    before = [np.array(value) for value in inputs]
    seen, questions = asked(gradient, inputs, right, **more)
    assert rule(name)(seen) == evidence
    assert all(np.array_equal(a, b) for a, b in zip(before, inputs, strict=True)), "the failing inputs were changed"
    seen, _ = asked(gradient, inputs, lambda *_: False, **more)
    assert rule(name)(seen) is None


@pytest.mark.parametrize("name", CASES)
def test_no_answer_proves_nothing(gradient, name):
    inputs, more, _, _ = CASES[name]

    def rerun(_):
        raise Unanswered

    seen = gradient(X, X + 1, list(inputs), expected_output=X, rerun=rerun, **more)
    assert rule(name)(seen) is None
    assert rule(name)(gradient(X, X + 1, list(inputs), expected_output=X, **more)) is None


@pytest.mark.parametrize("name", CASES)
def test_where_the_condition_holds_already_nothing_is_asked(gradient, name):
    seen, questions = asked(gradient, [np.ones((1, 1))], lambda *_: True)
    assert rule(name)(seen) is None
    assert questions == []


@pytest.mark.parametrize("answer", [True, False, None])
def test_forward_only(gradient, answer):
    expected = {} if answer else None
    assert conditions.fits_own_value(ValueMismatch("", X, X + 1, fits=lambda: answer)) == expected
    wrong = {"output": X, "expected_output": X + 1, "fits": lambda: answer}
    assert conditions.fits_own_forward(gradient(X, X + 1, **wrong)) == expected
    right = {**wrong, "expected_output": X}
    assert conditions.fits_own_forward(gradient(X, X + 1, **right)) is None, "the forward is right"
    assert conditions.fits_own_value(ValueMismatch("", X, X + 1)) is None
