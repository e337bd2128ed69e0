"""The same question has the same name everywhere, and no other question has it."""

import numpy as np
import pytest

from tinygrade.checks.library import Handle
from tinygrade.checks.recorded import questions
from tinygrade.checks.recorded.questions import attribute, deed, module, question
from tinygrade.checks.recorded.recorder import Both
from tinygrade.errors import GraderError


def handle(node):
    return Handle(None, node, "object")


def test_rounding_does_not_change_a_name():
    x = np.random.default_rng(1).standard_normal((50, 40))
    noisy = x * (1 + 4 * np.finfo(float).eps) + 1e-16
    assert question("f", x) == question("f", noisy)
    assert question("f", np.ones(3)) == question("f", np.ones(3) * (1 - 1e-16 * 2))
    assert question("f", 0.1 + 0.2) == question("f", 0.3)


@pytest.mark.parametrize(
    "other",
    [
        np.array([1.0, 2.0 + 1e-6]),
        np.array([[1.0, 2.0]]),
        np.array([1.0, np.nan]),
        np.array([1, 2]),
        np.array([1.0, 2.0], dtype=np.float32),
        [1.0, 2.0],
        1.0,
        "1.0",
        None,
        True,
        {"a": np.array([1.0, 2.0])},
    ],
)
def test_other_values_have_other_names(other):
    assert question("f", np.array([1.0, 2.0])) != question("f", other)


def test_what_is_not_finite_is_told_apart():
    values = [np.array([1.0, x]) for x in (np.nan, np.inf, -np.inf, 0.0)]
    assert len({question("f", value) for value in values}) == 4


def test_order_of_names_in_a_table_does_not_matter():
    assert question("f", {"a": 1, "b": 2}) == question("f", {"b": 2, "a": 1}) != question("f", {"a": 2, "b": 1})


@pytest.mark.parametrize("value", [object(), len, np.array(["a"]), 1j])
def test_what_has_no_content_has_no_name(value):
    with pytest.raises(GraderError, match="cannot be recorded"):
        question("f", value)


def test_what_was_done_to_an_object_is_part_of_the_question():
    model = deed("call", handle(attribute(handle(module("nn")), "Linear")), [3, 4], {})
    before = question("fetch", handle(model))
    deed("write", handle(model), {"weight": np.ones(3)})
    after = question("fetch", handle(model))
    assert before != after
    again = deed("call", handle(attribute(handle(module("nn")), "Linear")), [3, 4], {})
    assert question("fetch", handle(again)) == before


def test_objects_that_met_share_what_is_done():
    x, y, stranger = (deed("leaf", np.full(2, value)) for value in (1.0, 2.0, 3.0))
    product = deed("call", handle(attribute(handle(module("ops")), "mul")), [handle(x), handle(y)], {})
    asked = [question("fetch", handle(attribute(handle(node), "grad"))) for node in (x, y, stranger)]
    deed("call", handle(attribute(handle(product), "backward")), [], {})
    now = [question("fetch", handle(attribute(handle(node), "grad"))) for node in (x, y, stranger)]
    assert [a == b for a, b in zip(asked, now, strict=True)] == [False, False, True]


def test_a_recorder_and_a_record_give_the_same_names():
    node = deed("leaf", np.ones(2))
    both = Handle(None, Both(node, handle("anything")), "object")
    assert question("fetch", both) == question("fetch", handle(node))
    assert [*questions.nodes([both, {"a": (both,)}])] == [node, node]
