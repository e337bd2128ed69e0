"""What a worker may call of ours: values at the agreed shapes, so many times, and nothing else."""

import numpy as np
import pytest

from tinygrade.checks import callbacks
from tinygrade.checks.callbacks import Callbacks


@pytest.fixture
def given():
    """Two functions: a difference of (3,) arrays, and one that writes into its input."""

    def writes(x):
        x[...] = 7.0
        return x.sum()

    made = Callbacks()
    assert made.add(np.subtract, [(3,), (3,)]) == 0
    assert made.add(writes, [(2, 2)]) == 1
    return made


def question(number, *args):
    return {"event": "call", "function": number, "args": list(args)}


def test_value_and_arguments_afterwards(given):
    a, b = np.array([1.0, 2.0, 3.0]), np.array([3, 2, 1])
    answer = given.answer(question(0, a, b))
    assert answer["value"].tolist() == [-2, 0, 2]
    assert [x.tolist() for x in answer["after"]] == [[1, 2, 3], [3, 2, 1]]


def test_what_the_function_writes_is_told_and_stays_here(given):
    x = np.zeros((2, 2))
    answer = given.answer(question(1, x))
    assert answer["after"][0].tolist() == [[7, 7], [7, 7]]
    assert not x.any()


@pytest.mark.parametrize("number", [-1, 2, True, 0.0, "0", None, [0]])
def test_only_what_was_given_is_known(given, number):
    assert not given.knows(question(number))


@pytest.mark.parametrize("args", [None, (), "ab", {}])
def test_only_lists_of_arguments_are_known(given, args):
    assert given.knows(question(0))
    assert not given.knows({"event": "call", "function": 0, "args": args})


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([np.zeros(3)], "takes 2 arrays and was called with 1"),
        ([np.zeros(3)] * 3, "takes 2 arrays and was called with 3"),
        ([np.zeros(3), np.zeros((3, 1))], "shape (3, 1) and dtype float64 as argument 2, expected an array"),
        ([np.zeros(3), 1.0], "the number 1.0 as argument 2"),
        ([None, np.zeros(3)], "None as argument 1"),
        ([[1.0, 2.0, 3.0], np.zeros(3)], "a list of 3 as argument 1"),
        (["abc", np.zeros(3)], "a string as argument 1"),
    ],
)
def test_arguments_are_arrays_of_the_agreed_shapes(given, fails, args, words):
    with fails(words):
        given.answer(question(0, *args))


def test_the_number_of_calls_is_bounded(given, fails, monkeypatch):
    monkeypatch.setattr(callbacks, "MAX_CALLS", 3)
    for _ in range(3):
        given.answer(question(1, np.zeros((2, 2))))
    with fails("called more than 3 times"):
        given.answer(question(1, np.zeros((2, 2))))
