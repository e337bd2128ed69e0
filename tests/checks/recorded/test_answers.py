"""Answers come back as they were, and nothing else is taken for one."""

import json

import numpy as np
import pytest

from tinygrade.checks.recorded.answers import Damaged, Store


def back(store):
    return Store(json.loads(json.dumps(store.trees)), store.numbers())


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "a text",
        {"output": np.arange(6.0).reshape(2, 3), "grads": [np.ones(2), None]},
        [np.array(2.5), np.array([True, False]), np.arange(3), np.zeros((0, 3))],
        {"weight": (2, 3), "bias": (2,)},
        np.array([np.nan, np.inf, -0.0]),
    ],
)
def test_there_and_back(answer):
    store = Store()
    store.add("before", np.ones(5))
    store.add("q", answer)
    found = back(store).get("q")
    np.testing.assert_equal(found, answer)
    assert type(found) is type(answer)


def test_equal_arrays_are_kept_once():
    store = Store()
    for name in ("a", "b"):
        store.add(name, np.arange(100.0))
    assert store.numbers()["f8"].size == 100


def test_an_error_is_an_answer():
    store = Store()
    store.add("q", IndexError("row 7"))
    found = back(store).get("q")
    assert type(found) is IndexError
    assert str(found) == "row 7"


def test_what_was_not_recorded_is_missing():
    with pytest.raises(KeyError):
        Store().get("q")


@pytest.mark.parametrize(
    "tree",
    [
        [1, 2],
        1.5,
        {"f8": [0, 4]},
        {"f8": [1, 3]},
        {"f8": [-1, 1]},
        {"f8": []},
        {"f4": [0, 1]},
        {"O": [0, 1]},
        {"error": ["SystemExit", "x"]},
        {"error": ["ValueError"]},
        {"dict": [["a"]]},
        {"dict": [[1, None]]},
        {"list": 3},
        {"list": [], "tuple": []},
    ],
)
def test_what_is_no_answer_is_refused(tree):
    with pytest.raises(Damaged):
        Store({"q": tree}, {"f8": np.zeros(3)}).get("q")


def test_depth_is_bounded():
    tree = None
    for _ in range(100):
        tree = {"list": [tree]}
    with pytest.raises(Damaged, match="deeply"):
        Store({"q": tree}).get("q")
