"""What is asked while somebody writes is answered later without the solution: the same numbers, the same errors."""

import numpy as np
import pytest

from tinygrade.checks.loops import path
from tinygrade.checks.recorded.library import RecordedLibrary, Unrecorded
from tinygrade.checks.recorded.recorder import RecordingLibrary, TooMuch
from tinygrade.checks.reference import ReferenceArray
from tinygrade.errors import GraderError

X = np.random.default_rng(3).standard_normal((4, 3))


def plain(lib):
    return lib.fetch(lib.functional.softmax(lib.as_tensor(X), axis=-1))


def of_a_model(lib):
    """Written weights, a backward, and gradients before and after a step."""
    model = lib.nn.Linear(3, 2, rng=lib.generator(5))
    lib.write(model, {"weight": np.ones((2, 3)), "bias": np.zeros(2)})
    y = model(lib.as_tensor(X))
    y.backward(np.ones((4, 2)))
    first = lib.gradients(model)
    optimizer = lib.optim.SGD(model.parameters(), lr=0.5)
    optimizer.step()
    return [first, lib.fetch(model.weight), lib.fetch(model(lib.as_tensor(X))), lib.census(model)]


def of_loops(lib):
    op = lib.ops.mul
    single = {"inputs": [X, X], "wrt": [[0], [1]], "kwargs": {}, "cotangent": np.ones_like(X)}
    steps = path(lib, lib.optim.SGD, [X], [[np.ones_like(X)]] * 2, {"lr": 0.1})
    return [lib.vjps(op, [single, {**single, "cotangent": None}]), lib.vjp(op, [X, X], X), steps]


def of_numbers(lib):
    kept = lib.keep(X)
    kept[0] = 2.0
    return [lib.fetch(kept[0]), lib.fetch((-kept)[1] * 2.0), lib.signature(lib.functional.softmax)]


EXPRESSIONS = [plain, of_a_model, of_loops, of_numbers]


@pytest.fixture
def recorder(reference):
    return RecordingLibrary(reference)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_the_same_answers(reference, recorder, expression):
    expected = expression(reference)
    np.testing.assert_equal(expression(recorder), expected)
    recorded = RecordedLibrary(recorder.answers)
    np.testing.assert_equal(expression(recorded), expected)
    assert recorded.missed == 0


def test_answers_are_marked_like_the_references(recorder):
    plain(recorder)
    assert type(plain(RecordedLibrary(recorder.answers))) is ReferenceArray


def test_what_raises_raises_again(recorder):
    def too_long(lib):
        return lib.ops.matmul(lib.as_tensor(X), lib.as_tensor(X))

    with pytest.raises(ValueError, match="matmul"):
        too_long(recorder)
    with pytest.raises(ValueError, match="matmul"):
        too_long(RecordedLibrary(recorder.answers))


def test_what_was_not_asked_has_no_answer(recorder):
    plain(recorder)
    recorded = RecordedLibrary(recorder.answers)
    with pytest.raises(Unrecorded, match="no answer"):
        recorded.fetch(recorded.functional.softmax(recorded.as_tensor(X + 1.0), axis=-1))
    assert recorded.missed == 1


def test_the_order_of_other_questions_does_not_matter(recorder):
    for expression in EXPRESSIONS:
        expression(recorder)
    recorded = RecordedLibrary(recorder.answers)
    for expression in reversed(EXPRESSIONS):
        expression(recorded)
    assert recorded.missed == 0


def test_chance_cannot_be_recorded(recorder, monkeypatch):
    plain(recorder)
    monkeypatch.setattr(recorder._reference, "fetch", lambda value, **_: np.zeros((4, 3)))
    with pytest.raises(GraderError, match="two ways"):
        plain(recorder)


def test_functions_of_a_check_cannot_be_recorded(recorder):
    with pytest.raises(GraderError, match="cannot be recorded"):
        recorder.callbacks((lambda x: x, [(2,)]))


def test_what_takes_too_much_is_forgotten(recorder):
    plain(recorder)
    before = dict(recorder.answers.trees)
    with recorder.at_most(100):
        of_numbers(recorder)
        with pytest.raises(TooMuch):
            of_loops(recorder)
    assert recorder.answers.trees == before
    with recorder.at_most(1 << 20):
        of_a_model(recorder)
    assert len(recorder.answers.trees) > len(before)


def test_what_is_unheard_is_not_written(recorder):
    with recorder.unheard():
        plain(recorder)
    assert not recorder.answers.trees
