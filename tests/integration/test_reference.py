"""The reference through the real pipeline: full marks, a valid report, and the selections of it."""

import json

import jsonschema
import pytest

#: The one whole run with seed 7 of this file.
FULL = []


@pytest.fixture
def full(check, repository):
    FULL[:] = FULL or [check(repository / "reference")]
    return FULL[0]


def test_full_marks(full):
    run = full
    assert run.exit_code == 0, run.text
    assert run.report["score"] == run.report["max_score"] == 100
    assert {c["status"] for c in run.report["checks"]} == {"passed"}
    predictions = run.report["sections"]["predictions"]
    assert len(predictions) == 15
    assert all(row["credit"] == 1 for row in predictions)
    assert sum(row["exact"] for row in predictions) <= 12
    assert "15/15 learned" in run.stdout
    assert "(ceiling for a causal model: 12; the seed's run: 10)" in run.stdout


def test_report_is_valid_and_complete(full, repository):
    run = full
    schema = json.loads((repository / "tinygrade" / "report.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(run.report)
    training = run.report["sections"]["training"]
    wanted = "budget_seconds cpu_seconds wall_seconds steps steps_per_second initial_loss final_loss improvement"
    assert set(wanted.split()) | {"entropy_floor", "budget_limited", "stopped", "curve"} <= set(training)
    assert training["entropy_floor"] < training["final_loss"] < training["entropy_floor"] + 0.02
    assert {order[0] for order in run.report["sections"]["learning_order"]} == {
        "repetition",
        "short",
        "alphabet",
        "number",
    }


def test_quick_leaves_the_training_out(check, repository):
    run = check(repository / "reference", "--quick")
    assert run.exit_code == 0
    assert run.report["selected"] is True
    assert run.report["score"] is None
    assert "training" not in run.report["sections"]
    assert "partial run, not a grade" in run.text


def test_selection_runs_just_these_checks(check, repository):
    run = check(repository / "reference", "-k", "mask")
    assert [c["id"].split("::")[1] for c in run.report["checks"]] == ["test_causal_mask"]
    assert run.report["score"] is None


def test_selection_of_nothing_is_a_usage_error(check, repository):
    run = check(repository / "reference", "-k", "nonsense")
    assert run.exit_code == 2
    assert "selects no check" in run.text


def test_selection_that_is_no_expression(check, repository):
    run = check(repository / "reference", "-k", "mask and (")
    assert run.exit_code == 2
    assert "Traceback" not in run.text


def test_same_seed_same_score_other_seed_other_inputs(check, full, repository):
    first, second = (check(repository / "reference", seed=3) for _ in range(2))
    curves = [run.report["sections"]["training"]["curve"] for run in (first, second, full)]
    assert curves[0] == curves[1]
    assert curves[0] != curves[2]
    assert first.report["score"] == second.report["score"] == full.report["score"] == 100


def test_portable_sandbox_gives_the_same(check, full, repository):
    some = "census or causal_mask or test_block or training or predictions or sgd"
    portable = check(repository / "reference", "--sandbox", "portable", "--earlier", "released", "-k", some)
    assert portable.statuses() == {"passed"}
    assert portable.report["sections"]["predictions"] == full.report["sections"]["predictions"]


def test_strong_isolation_is_refused_where_it_cannot_be_had(check, repository):
    run = check(repository / "reference", "--isolation", "strong", "-k", "mask")
    if run.exit_code != 0:  # as long as this system gives less
        assert run.exit_code == 4
        assert "not graded, not zero" in run.text
        assert run.report is None
