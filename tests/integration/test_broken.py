"""Submissions that are broken, not wrong: a clear line with file and place, other checks graded, never our fault."""

import pytest

#: Where nothing earlier is looked at: smoke checks are a third of a grading.
RELEASED = ("--earlier", "released")
MASK = "    return np.arange(t_k) <= query_positions\n"


def assert_ours_is_fine(run):
    assert run.exit_code == 1, run.text
    assert run.report["score"] is not None
    assert "grader_error" not in run.statuses()
    assert "Traceback" not in run.text


def test_syntax_error(check, variant):
    run = check(variant(("transformer.py", MASK, MASK.replace("<=", "<= <="))), "--quick")
    assert run.exit_code == 1
    first = run.check("test_causal_mask")
    assert first["status"] == "blocked"
    assert "SyntaxError" in first["message"]
    assert first["where"].startswith("transformer.py:")
    assert "START HERE" in run.stdout
    assert run.check("test_own_stack")["status"] == "passed"


def test_missing_module(check, variant):
    folder = variant()
    (folder / "tinytorch" / "train.py").unlink()
    run = check(folder, *RELEASED)
    assert_ours_is_fine(run)
    assert "No module named 'tinytorch.train'" in run.check("test_sgd")["message"]
    assert run.check("test_logits")["status"] == "passed"


def test_missing_function(check, variant):
    run = check(variant(("transformer.py", "def causal_mask(", "def casual_mask(")), "--quick", *RELEASED)
    assert "grader_error" not in run.statuses()
    assert "causal_mask" in run.check("test_causal_mask")["message"]
    assert "did you mean" in run.check("test_causal_mask")["message"].lower()


def test_import_of_what_is_not_there(check, variant):
    folder = variant(("train.py", "import numpy as np\n", "import numpy as np\nimport torch\n"))
    run = check(folder, "--quick", *RELEASED)
    assert "grader_error" not in run.statuses()
    assert "torch" in run.check("test_sgd")["message"]
    assert run.check("test_logits")["status"] == "passed"


def test_integer_weights(check, variant):
    old = "        self.data: np.ndarray = array\n"
    run = check(variant(("tape.py", old, old.replace("array\n", "array.astype(int)\n"))), "--earlier", "own")
    assert_ours_is_fine(run)
    assert run.report["score"] < 50


#: A function of each kind, and what must not be handed back instead of its result.
RESULTS = {
    "causal_mask": ("transformer.py", MASK, "test_causal_mask"),
    "attention": (
        "transformer.py",
        "    return Tensor(weights @ v.data, _parents=(q, k, v), _backward=backward)\n",
        "test_attention",
    ),
    "block": ("transformer.py", "        return x + self.mlp(self.ln2(x))\n", "test_block"),
    "gpt": ("transformer.py", "        return self.head(self.ln_f(x))\n", "test_logits"),
    "train_step": ("train.py", "    return loss.item()\n", "test_sgd"),
    "train": ("train.py", "        losses.append(train_step(model, optimizer, x, y))\n", "test_training"),
    "evaluate": ("train.py", "    model.train(was_training)\n    return loss\n", "test_loss"),
    "predict_next": ("train.py", "    return F.log_softmax(logits).data[0, -1]\n", "test_log_probabilities"),
}
WRONG = {
    "None": "None",
    "scalar": "3.5",
    "shape": "Tensor(np.zeros((2, 2, 7)))",
    "nan": "np.full((4, 4), np.nan)",
    "string": "'four'",
    "object": "object()",
    "huge": "np.broadcast_to(np.float64(1.0), (20000, 10000))",
    "nested": "[[[[[[]]]]]] * 100000",
}


#: Functions whose named checks do not run the others of the group: one grading tries all of a group.
GROUPS = [("causal_mask", "attention"), ("block",), ("gpt",), ("train_step", "evaluate", "predict_next")]


def _wrong(function, value):
    file, old, _ = RESULTS[function]
    indent = old[: len(old) - len(old.lstrip())]
    new = f"{indent}from .tensor import Tensor\n{indent}return {value}\n"
    return file, old, old.rpartition(f"{indent}return")[0] + new


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("group", GROUPS, ids=" ".join)
def test_wrong_values(check, variant, group, wrong):
    named = [RESULTS[function][2] for function in group]
    folder = variant(*(_wrong(function, WRONG[wrong]) for function in group))
    # That code of others is graded is seen with the model; smoke checks are most of what the others would cost.
    others = ["own_stack"] if group == ("gpt",) else []
    run = check(folder, "-k", " or ".join([*named, *others]), "--earlier", "auto" if others else "released")
    assert run.exit_code == 1, run.text
    assert "grader_error" not in run.statuses()
    assert "Traceback" not in run.text
    for result in map(run.check, named):
        assert result["points"] < result["max_points"]
        assert result["status"] in ("failed", "partial", "out_of_memory")
        assert result["message"]
    for name in others:
        assert run.check(f"test_{name}")["status"] == "passed"


def test_exception_in_training(check, variant):
    file, old, named = RESULTS["train"]
    run = check(variant((file, old, "        raise ZeroDivisionError('one over nothing')\n")), *RELEASED)
    assert_ours_is_fine(run)
    assert "ZeroDivisionError: one over nothing" in run.check(named)["message"]
    assert run.check(named)["where"].startswith("train.py:")


def test_training_that_returns_nan(check, variant):
    file, old, named = RESULTS["train"]
    run = check(variant((file, old, old + "        model.head.weight.data[...] = np.nan\n")), *RELEASED)
    assert_ours_is_fine(run)
    assert run.check(named)["points"] == 0


def test_prints_are_shown_under_their_check(check, variant):
    folder = variant(("transformer.py", MASK, "    print('row', t_q)\n" + MASK.replace("<=", "<")))
    run = check(folder, "-k", "causal_mask", *RELEASED)
    assert "row 4" in run.check("test_causal_mask")["output"]
    assert "row 4" in run.stdout
