"""What the course shows of a training run, and that the recorded curve is the reference's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinygrade import config
from tinygrade.checks.package import Package
from tinygrade.checks.reference import ReferenceLibrary
from tinygrade.checks.student import StudentLibrary
from tinygrade.figures import HeatMap, LineChart, Meter, Table
from tinygrade.sandboxes.local import LocalSandbox

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def assignment() -> Any:
    return config.load_assignment(config.load_course(ROOT / "assignments"), "assignment3")


@pytest.fixture(scope="module")
def reference(assignment: Any) -> ReferenceLibrary:
    return ReferenceLibrary(assignment.course.reference / "tinytorch", assignment.surface)


def test_the_recorded_curve_is_that_of_the_reference(course: Any, assignment: Any, reference: Any) -> None:
    found = course.reference_curve.record(reference, dict(assignment.surface.parameters))
    recorded = course.reference_curve.LOSSES
    # another BLAS adds up in another order, which training magnifies
    assert np.allclose(found, recorded, atol=0.005), f"record it anew: {found}"


def test_attention_is_that_of_the_reference_with_these_weights(course: Any, assignment: Any, reference: Any) -> None:
    weights = course.weights.random_weights(dict(assignment.surface.parameters), np.random.default_rng(1))
    section = course.attention.attention_section(reference, weights)["attention"]
    assert [entry["string"] for entry in section["strings"]] == list(course.attention.SHOWN)
    ids = course.strings.encode(["ABCD"])[0, :4]
    for number, head in enumerate(section["strings"][1]["heads"]):
        assert np.allclose(_attention(weights, ids, number), [[x or 0.0 for x in row] for row in head], atol=1e-3)
        assert [[x is None for x in row] for row in head] == np.triu(np.ones((4, 4), bool), 1).tolist()


def test_a_student_without_the_solution_sees_the_same(course: Any, assignment: Any, reference: Any) -> None:
    weights = course.weights.random_weights(dict(assignment.surface.parameters), np.random.default_rng(1))
    folder = assignment.course.reference / "tinytorch"
    files = frozenset(file.name for file in folder.glob("*.py"))
    sandbox = LocalSandbox(limits=assignment.limits)
    try:
        package = Package("tinytorch", folder, files, assignment.surface, assignment.limits)
        student = StudentLibrary(package, sandbox.open, lambda question: {}, 5.0)
        found = course.attention.attention_section(student, weights)
        assert found == course.attention.attention_section(reference, weights)
        assert course.attention.attention_section(student, {**weights, "ln_f.bias": np.zeros(3)}) == {}
    finally:
        sandbox.close()


def _attention(weights: dict[str, np.ndarray], ids: np.ndarray, head: int) -> np.ndarray:
    """Written out, as a second opinion."""
    x = weights["tok_emb.weight"][ids] + weights["pos_emb.weight"][: len(ids)]
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    x = x * weights["blocks.0.ln1.weight"] + weights["blocks.0.ln1.bias"]
    q, k = (x @ weights[f"blocks.0.attn.{n}.weight"].T + weights[f"blocks.0.attn.{n}.bias"] for n in "qk")
    columns = slice(8 * head, 8 * head + 8)
    scores = np.where(np.tri(len(ids), dtype=bool), q[:, columns] @ k[:, columns].T / np.sqrt(8), -np.inf)
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


TRAINING = {
    "curve": [[1, 3.0], [10, 1.0], [20, None]],
    "initial_loss": 3.6,
    "final_loss": 1.0,
    "entropy_floor": 0.044,
    "cpu_seconds": 1.25,
    "budget_seconds": 300.0,
    "steps": 1200,
    "budget_limited": True,
}


def test_training_is_a_curve_and_a_meter(course: Any) -> None:
    chart, meter = course.figures.of_section("training", TRAINING)
    assert isinstance(chart, LineChart)
    assert [list(chart.series[0].x), list(chart.series[0].y)] == [[0, 1, 10], [3.6, 3.0, 1.0]]
    assert chart.series[1].y == course.reference_curve.LOSSES
    assert [level.y for level in chart.levels] == [0.044]
    assert "from 3.600 before the first step to 1.000 at step 10" in chart.alt
    assert isinstance(meter, Meter)
    assert meter.text == "1.2 s of the 300 s budget, 1,200 steps; the budget ended the run"


def test_cases_order_and_attention(course: Any) -> None:
    row = {"input": "ABCD", "expected": "BCD", "got": "", "exact": False, "credit": 0.999, "note": "wrong"}
    (cases,) = course.figures.of_section("predictions", [row])
    assert isinstance(cases, Table)
    assert cases.rows == [("ABCD", "BCD", "–", "no", "99%", "wrong")]
    assert cases.good == [False]
    (order,) = course.figures.of_section("learning_order", [["short", 40], ["number", None]])
    assert order.rows == [("short", "40"), ("number", "not yet")]
    (maps,) = course.figures.of_section(
        "attention", {"strings": [{"string": "AB", "heads": [[[1.0, None], [0.2, 0.8]]]}]}
    )
    assert isinstance(maps, HeatMap)
    assert maps.panels[0].title == "AB, head 1"


@pytest.mark.parametrize("name", ["training", "predictions", "learning_order", "attention", "strange"])
@pytest.mark.parametrize("data", [None, {}, [], "text", 3, {"curve": 3, "strings": [3]}, [[1], 2], {"strings": [{}]}])
def test_what_is_not_there_is_not_shown(course: Any, name: str, data: Any) -> None:
    assert course.figures.of_section(name, data) is None
