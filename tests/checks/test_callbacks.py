"""What a worker may call of ours: values at the agreed shapes, so many times, and nothing else."""

import numpy as np
import pytest

from tinygrade.checks import callbacks
from tinygrade.checks.callbacks import Callbacks
from tinygrade.checks.library import Handle


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


# ---- functions of plain data -------------------------------------------------------------------------

MAKER = Handle(None, None, "type")


@pytest.fixture
def asked():
    """A function of plain data in a folder of 1 MiB, and the inquiries that reached it."""
    seen = []
    made = Callbacks(scratch_mib=1)
    assert made.add(lambda inquiry: seen.append(inquiry) or {"metric": 0.5}, MAKER) == [0, MAKER, True]
    made.seen = seen
    return made


def inquiry(**changed):
    files = {"log": np.frombuffer(b"one line", np.uint8)}
    return {"event": "call", "function": 0, "args": [{"lr": 0.1}], "kwargs": {"seed": 3}, "files": files, **changed}


def test_an_inquiry_comes_with_its_files(asked):
    assert asked.answer(inquiry()) == {"value": {"metric": 0.5}}
    (seen,) = asked.seen
    assert (seen.args, seen.kwargs, seen.files) == ([{"lr": 0.1}], {"seed": 3}, {"log": b"one line"})


def test_without_a_folder_no_files_are_asked_for_and_none_believed():
    made = Callbacks()
    seen = []
    assert made.add(lambda inquiry: seen.append(inquiry) or {}, MAKER) == [0, MAKER, False]
    made.answer(inquiry())
    assert seen[0].files == {}


@pytest.mark.parametrize("kwargs", [None, [], "seed", 3])
def test_an_inquiry_has_keywords(asked, fails, kwargs):
    with fails("called with nonsense"):
        asked.answer(inquiry(kwargs=kwargs))
    assert not asked.seen


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (None, "were not files"),
        ({"../log": np.zeros(1, np.uint8)}, "were not files"),
        ({"log": "text"}, "were not files"),
        ({"log": np.zeros((1 << 20) + 1, np.uint8)}, "more than it may"),
        ({f"{i}": np.zeros(1, np.uint8) for i in range(300)}, "more than it may"),
    ],
)
def test_the_files_of_an_inquiry_are_a_students_word(asked, fails, files, words):
    with fails(words):
        asked.answer(inquiry(files=files))
    assert not asked.seen


def test_inquiries_are_bounded_too(asked, fails, monkeypatch):
    monkeypatch.setattr(callbacks, "MAX_CALLS", 2)
    for _ in range(2):
        asked.answer(inquiry())
    with fails("called more than 2 times"):
        asked.answer(inquiry())


def test_an_answer_that_cannot_be_sent_is_ours(asked):
    asked.add(lambda inquiry: {"metric": object()}, MAKER)
    with pytest.raises(ValueError, match="object"):
        asked.answer(inquiry(function=1))
