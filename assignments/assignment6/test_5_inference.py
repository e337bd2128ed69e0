"""Group 5: inside inference_mode nothing is remembered, and afterwards everything is as it was."""

import numpy as np
import pytest

from tinygrade import StudentFailure
from tinygrade.checks.compare import compare
from tinygrade.checks.loops import within

PIECE = "fast.inference_mode"
pytestmark = [pytest.mark.task("A6.6"), pytest.mark.where(PIECE)]
FROZEN = "ln_f.bias"


@pytest.mark.points(2)
@pytest.mark.title("inference_mode: no graph inside, the same numbers")
@pytest.mark.hint("Who decides whether a result keeps its parents?")
def test_no_graph(student, network, rng, mistake):
    model, ids = network().build(student), rng.integers(0, 31, (2, 5))
    before = student.fetch(model(ids), shape=(2, 5, 31), dtype="f", finite=True, name="the logits")
    seen = within(student, student.fast.inference_mode(model), model, [ids])
    compare(seen["output"], before, "logits inside inference_mode")
    if seen["asks"] is not False or seen["parents"] != 0:
        raise mistake("graph-in-inference", "the result of the model still remembers what it was made of")


@pytest.mark.points(2)
@pytest.mark.title("inference_mode: afterwards all is as before")
@pytest.mark.needs("test_no_graph")
@pytest.mark.hint("What did each parameter say before you came, and what happens when the block ends with an error?")
@pytest.mark.parametrize("end", ["at its end", "by an error"])
def test_afterwards(student, network, rng, mistake, end):
    net = network()
    model, ids = net.build(student), rng.integers(0, 31, (2, 5))
    model.ln_f.bias.requires_grad = False  # frozen before, frozen afterwards
    within(student, student.fast.inference_mode(model), model, [ids], fail=end == "by an error")
    parameters = {name: asks(student, model, name) for name in ("tok_emb.weight", "head.weight", FROZEN)}
    if parameters != {"tok_emb.weight": True, "head.weight": True, FROZEN: False}:
        told = ", ".join(f"{name} {'asks' if it else 'does not ask'}" for name, it in parameters.items())
        raise mistake("inference-not-undone", f"after the block: {told} for a gradient", ended=end)
    model(ids).backward(rng.standard_normal((2, 5, 31)))
    gradient = student.gradients(model, ["head.weight"]).get("head.weight")
    if not isinstance(gradient, np.ndarray) or gradient.dtype.kind != "f" or not gradient.any():
        raise StudentFailure("after the block, backward gives head.weight no gradient")


def asks(student, model, name):
    parameter = model
    for part in name.split("."):
        parameter = getattr(parameter, part)
    return bool(student.fetch(parameter.requires_grad, shape=(), dtype="b", name=f"requires_grad of {name}"))
