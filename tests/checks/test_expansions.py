"""Whatever a check may ask of a worker in one request can be written out."""

import inspect

import numpy as np
import pytest

from tinygrade.checks.expansions import EXPANSIONS
from tinygrade.checks.script import write
from tinygrade.checks.trace import Step
from tinygrade.checks.writer import About
from tinygrade.worker.loops import LOOPS
from tinygrade.worker.routines import ROUTINES
from tinygrade.worker.wire import HandleRef

#: What only tells a place in a file, and what is about functions that stay on the trusted side.
NOT_WRITTEN = {"locate", "verdicts"}
ROUTINES_AND_LOOPS = {name: f for name, f in {**ROUTINES, **LOOPS}.items() if name not in NOT_WRITTEN}
ABOUT = About("title", "message", "pack", "tensor.Tensor", "repro_x.py")


@pytest.mark.parametrize("name", ROUTINES_AND_LOOPS)
def test_every_routine_is_written_out_with_its_own_arguments(name):
    expected = list(inspect.signature(ROUTINES_AND_LOOPS[name]).parameters)[1:]  # without the surface
    assert list(inspect.signature(EXPANSIONS[name]).parameters)[3:] == expected


def test_nothing_is_written_out_that_is_not_there():
    assert set(EXPANSIONS) - {"train"} <= set(ROUTINES_AND_LOOPS)


def test_what_is_not_known_is_said_to_be_left_out():
    script = write([Step("routine", ["strange", []], {"value": 1})], ABOUT)
    assert "# here the check did something that only the grader can do: strange" in script.text


def test_a_training_is_called_with_few_steps():
    function, model = HandleRef(0, "function"), HandleRef(1, "GPT")
    steps = [
        Step("get", [HandleRef(9, "module"), "train"], {"value": function}),
        Step("get", [HandleRef(9, "module"), "model"], {"value": model}),
        Step("train", [function, model, [np.arange(3)], {"seed": 7, "snapshots": [1]}]),
    ]
    text = write(steps, ABOUT).text
    assert "return min(1.0, step / 5)" in text
    assert "np.array([0, 1, 2]), rng=np.random.default_rng(7), on_step=on_step)" in text


@pytest.mark.parametrize("layout", ["C", "F", "strided"])
def test_arrays_lie_in_memory_as_in_the_check(layout):
    call = {"inputs": [np.eye(2)], "wrt": [[0]], "kwargs": {}, "cotangent": np.ones((2, 2)), "layout": layout}
    step = Step("routine", ["vjps", [HandleRef(0, "function"), [call]]], {"value": [{"output": np.eye(2)}]})
    text = write([step], ABOUT).text
    assert ("np.asfortranarray(" in text) == (layout == "F")
    assert ("[..., ::2]" in text) == (layout == "strided")


def test_names_of_another_package_are_used():
    about = About("t", "m", "pack", "core.Var", "", names={"data": "value", "grad": "g", "requires_grad": ""})
    call = {"inputs": [np.eye(2)], "wrt": [[0]], "kwargs": {}, "cotangent": np.ones((2, 2))}
    step = Step("routine", ["vjps", [HandleRef(0, "function"), [call]]], {"value": [{"output": np.eye(2)}]})
    text = write([step], about).text
    for part in ("from pack.core import Var", "y.value", "x.g,", "x = Var(np.array("):
        assert part in text
    assert "requires_grad" not in text


def test_a_composition_becomes_a_function():
    program = {
        "constants": [HandleRef(3, "module")],
        "steps": [
            ["constant", 0],
            ["get", ["at", 2], "mul"],
            ["call", ["at", 3], [["at", 0], ["at", 1]], {}],
            ["operate", "add", [["at", 4], ["value", 2.0]]],
        ],
        "result": ["at", 5],
    }
    call = {"inputs": [1.0, 2.0], "wrt": [[0], [1]], "kwargs": {}, "cotangent": np.array(1.0)}
    module = Step("module", ["ops"], {"value": HandleRef(3, "module")})
    step = Step("routine", ["vjps", [program, [call]]], {"value": [{"output": 1.0, "grads": [1.0, 1.0]}]})
    text = write([module, step], ABOUT).text
    assert "def composed(a, a_2):\n    v = ops.mul(a, a_2)\n    v_2 = v + 2.0\n    return v_2\n" in text
    assert "y = composed(x, x_2)" in text
