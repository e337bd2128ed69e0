"""A check that fails because of an earlier assignment says so, and the mistake is punished about once."""

import shutil

import pytest

from tinygrade.checks.retries import MOST_RETRIES

OWN_STACK = "test_own_stack"


@pytest.fixture
def upstream(variant):
    """A linear layer that doubles without a bias: no smoke check has one, and in assignment 3 only the head."""
    right = "y = rows.dot(weight.data.T)\n"
    return variant(("functional.py", right, right.replace("\n", " * (2 if bias is None else 1)\n")))


@pytest.fixture
def course_copy(repository, tmp_path):
    """The course, to be changed."""
    for name in ("assignments", "reference", "student_template"):
        shutil.copytree(repository / name, tmp_path / "copy" / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "copy" / "assignments"


def test_the_cause_is_named_swapped_and_costs_the_own_stack_alone(check, upstream):
    run = check(upstream, "--quick")
    assert run.lost() == {OWN_STACK: 5.0}
    found = run.check("test_logits")
    assert found["status"] == "passed"
    assert found["message"] == "right with the released assignment2: the cause is in functional.py"
    evidence = {"assignment": "assignment2", "file": "functional.py", "check": "test_2_parity.py::test_logits"}
    assert found["diagnosis"] == {"code": "upstream", "evidence": evidence}
    own = run.check(OWN_STACK)
    assert own["where"] == "functional.py"
    assert own["diagnosis"]["code"] == "upstream"
    assert "yours" in own["message"]
    (swap,) = [swap for swap in run.report["swaps"] if swap["assignment"] == "assignment2"]
    assert swap["source"] == "released"
    assert "“logits of the whole model” is right with it" in swap["reason"]
    assert run.stdout.count("swap: assignment2") == 1
    assert "-k 'test_own_stack or test_logits'" in run.stdout
    assert "debug: tinygrade repro test_logits" in run.stdout


def test_it_is_the_same_again_with_the_same_seed(check, upstream):
    first, second = (check(upstream, "--quick", "-k", "logits or own_stack") for _ in range(2))
    for key in ("message", "diagnosis", "points", "where"):
        assert [c[key] for c in first.report["checks"]] == [c[key] for c in second.report["checks"]]
    assert first.report["swaps"] == second.report["swaps"]


def test_own_is_not_swapped_and_is_told_the_cause(check, upstream):
    run = check(upstream, "--quick", "--earlier", "own", "-k", "logits or own_stack")
    assert run.lost() == {"test_logits": 4.0}
    found = run.check("test_logits")
    assert found["where"] == "functional.py"
    assert found["diagnosis"]["code"] == "upstream"
    assert found["message"].splitlines()[-1] == "right with the released assignment2: the cause is in functional.py"
    assert "yours" in found["message"]
    assert {swap["source"] for swap in run.report["swaps"]} == {"own"}


def test_a_mistake_of_their_own_is_not_blamed_on_others(check, variant):
    scale = ("transformer.py", "scale = 1.0 / np.sqrt(q.shape[-1])", "scale = 1.0 / q.shape[-1]")
    run = check(variant(scale), "--quick", "-k", "attention or own_stack")
    assert run.check("test_attention")["status"] == "failed"
    assert run.check(OWN_STACK)["status"] == "passed"
    assert not any(c["diagnosis"] and c["diagnosis"]["code"] == "upstream" for c in run.report["checks"])


def test_a_hidden_check_gives_away_no_more_than_that_there_is_one(check, upstream, course_copy):
    file = course_copy / "assignment3" / "test_2_parity.py"
    text = file.read_text()
    marked = text.replace(
        '@pytest.mark.title("logits of the whole model")', '@pytest.mark.hidden\n@pytest.mark.title("TELLTALE")'
    )
    assert marked != text
    file.write_text(marked)
    run = check(upstream, "--quick", "--course", str(course_copy), "-k", "logits or own_stack")
    own, swaps = run.check(OWN_STACK), run.report["swaps"]
    assert own["status"] == "failed"
    for shown in (own["message"], own["where"], str(own["diagnosis"]), str(swaps)):
        assert "TELLTALE" not in shown
        assert "yours" not in shown.replace("not with yours", "")
        assert "functional.py" not in shown
    assert "a hidden check is right with it and not with yours" in own["message"]


def test_no_file_of_the_assignment_that_is_graded_is_ever_tried(check, variant, upstream):
    """The mask is theirs: a wrong one cannot be made right by a search, whatever else is wrong."""
    mask = upstream / "tinytorch" / "transformer.py"
    text = mask.read_text()
    wrong = text.replace("return np.arange(t_k) <= query_positions\n", "return np.arange(t_k) <= query_positions + 1\n")
    assert wrong != text
    mask.write_text(wrong)
    run = check(upstream, "--quick", "-k", "mask or logits or own_stack")
    assert run.check("test_causal_mask")["status"] == "partial"
    assert run.check("test_logits")["message"].startswith(
        "right with a correct causal_mask and the released assignment2"
    )
    assert run.check(OWN_STACK)["status"] == "failed"


def test_what_it_may_cost_is_bounded_by_a_count():
    assert MOST_RETRIES <= 40
