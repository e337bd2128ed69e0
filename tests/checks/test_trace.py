"""What a failure speaks of, and which steps lead to it."""

import numpy as np
import pytest

from tinygrade.checks.trace import Step, needed, place, target
from tinygrade.worker.wire import HandleRef


def made(number, do, *args, kind="Tensor"):
    return Step(do, list(args), {"value": HandleRef(number, kind)})


def data(do, *args, value):
    return Step(do, list(args), {"value": value})


def ref(number):
    return HandleRef(number, "Tensor")


MATRIX = np.array([[1.0, 2.0], [3.0, 1 / 3]])


@pytest.mark.parametrize(
    ("value", "message", "expected"),
    [
        (MATRIX, "f(x)[1, 1]: yours 0.333333, expected 2 (1 of 4 entries differ)", ((1, 1),)),
        (np.array(2.5), "loss: yours 2.5, expected 2", ((),)),
        (2.5, "loss: yours 2.5, expected 2", ((),)),
        ([1.0, 2.5], "loss of step[1]: yours 2.5, expected 2", (1, ())),
        ([MATRIX, MATRIX * 2], "out[1][0, 1]: yours 4, expected 2", (1, (0, 1))),
        ({"a": None, "w": MATRIX}, "the gradient of w[0, 1]: yours 2, expected 5", ("w", (0, 1))),
        (np.array([True, False]), "mask[1]: yours False, expected True", ((1,),)),
        (np.array([1.0, np.nan]), "f(x) holds NaN at [1]", ((1,),)),
        (np.array(np.inf), "f(x) holds infinity", ((),)),
        ([MATRIX, np.zeros(3)], "out[1] has shape (3,), expected (4,)", (1, ())),
        ({"grads": [MATRIX, None]}, "f: b got no gradient", ("grads", 1, ())),
        (MATRIX, "f(x)[0, 0]: yours 7, expected 2", ()),
        (MATRIX, "output 0 changed when only token 1 changed", ()),
        ("text", "f(x)[0]: yours 7, expected 2", ()),
    ],
)
def test_place_of_what_a_message_says(value, message, expected):
    assert place(value, message) == expected


def test_the_target_is_the_answer_that_the_message_shows():
    steps = [data("fetch", ref(0), value=MATRIX), data("fetch", ref(0), value=2 * MATRIX)]
    assert target(steps, "f[1, 0]: yours 3, expected 1") == 0
    assert target(steps, "something else") == 1
    assert target([*steps, Step("call", [ref(0), [], {}], {"error": {}})], "f[1, 0]: yours 3, expected 1") == 2
    assert target([], "") == -1


def test_of_routines_the_first_counts_because_later_ones_serve_the_diagnosis():
    steps = [data("routine", "vjp", [], value={"output": np.zeros(3)}) for _ in range(3)]
    assert target(steps, "f has shape (3,), expected (2,)") == 0


STEPS = [
    made(0, "module", "nn", kind="module"),
    made(1, "get", ref(0), "Linear"),
    made(2, "call", ref(1), [], {}),  # a model
    made(3, "call", ref(1), [], {}),  # another one
    data("routine", "write", [ref(2), {"w": MATRIX}], value=None),
    data("routine", "write", [ref(3), {"w": MATRIX}], value=None),
    made(4, "call", ref(2), [1], {}),  # its output ...
    data("fetch", ref(4), value=MATRIX),  # ... is looked at
    made(5, "call", ref(2), [2], {}),
    made(6, "get", ref(5), "backward"),
    made(7, "call", ref(6), [], {}, kind="NoneType"),
    made(8, "get", ref(2), "grad"),
    data("fetch", ref(8), value=MATRIX),
]


def test_only_what_a_step_rests_on_is_kept():
    assert needed(STEPS, {7}) == [0, 1, 2, 4, 6, 7]


def test_calls_for_their_effect_are_kept_when_they_touch_it():
    assert needed(STEPS, {12}) == [0, 1, 2, 4, 8, 9, 10, 11, 12]
