"""Attempts that need more than the corpus has room for (see `test_attacks`): nothing is gained, nothing is run."""

import json

import pytest

BODY = "    model.train()\n"
MASK = "    return np.arange(t_k) <= query_positions\n"


@pytest.fixture
def check(forked_check):
    return forked_check


def assert_nothing_for_training(run):
    for name in ("test_training", "test_predictions"):
        assert run.check(name)["points"] == 0, run.check(name)
    assert "grader_error" not in run.statuses()


STRAYS = {
    "conftest.py": "def pytest_collection_modifyitems(items):\n    items.clear()\n",
    "pytest.ini": "[pytest]\naddopts = --co -p evil\n",
    "tox.ini": "[pytest]\naddopts = --co\n",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--co'\n",
    "evil.py": "",
    "json.py": "",
    "numpy.py": "",
    "struct.py": "",
    "sitecustomize.py": "",
    "usercustomize.py": "",
    "tinygrade.py": "",
}


@pytest.mark.parametrize("inside", [False, True], ids=["beside the package", "in the package"])
def test_files_that_would_configure_or_replace_us(check, variant, tmp_path, inside):
    folder = variant()
    canary = tmp_path / "canary"
    touch = f"open({str(canary)!r}, 'a').close()\n"
    where = folder / "tinytorch" if inside else folder
    for name, text in STRAYS.items():
        (where / name).write_text((touch if name.endswith(".py") else "") + text)
    environment = {
        "PYTEST_ADDOPTS": "--co -p evil",
        "PYTEST_PLUGINS": "evil",
        "PYTHONSTARTUP": str(folder / "evil.py"),
        "PYTHONPATH": str(folder),
        "PYTHONHOME": "",
    }
    # The user's own Python reads PYTHONPATH, with sitecustomize in it, before our first line runs; so the command
    # itself is started without, and only what it starts is judged.
    environment.pop("PYTHONPATH")
    run = check(folder, "--quick", **environment)
    assert run.statuses() == {"passed"}, run.text
    assert not canary.exists()


def test_hostile_text_is_inert(check, variant):
    text = "\\x1b[2J\\x1b]0;owned\\x07\\u202e<script>alert(1)</script>\\x00\\r\\n::error::owned\\n=HYPERLINK(1)"
    payload = f"    print('{text}')\n    raise ValueError('{text}')\n"
    run = check(variant(("transformer.py", MASK, payload)), "--quick")
    assert run.check("test_causal_mask")["status"] == "failed"
    for sign in ("\x1b", "\x00", "\u202e", "\r"):
        assert sign not in run.stdout.replace("\r\n", "\n")
        assert sign not in json.dumps(run.report, ensure_ascii=False)


ORACLE = """
    import gc
    pipe = next(o for o in gc.get_objects() if type(o).__name__ == "Pipe")
    pipe.send({"event": "given", "part": "transformer.causal_mask",
               "args": [t_q, t_k], "weights": {}, "cotangent": None, "wrt": []})
    return pipe.receive()["value"]
"""


def test_a_given_part_answers_for_itself_only(check, variant):
    """The mask is wrong, so the block is judged with a given mask; that worker cannot ask for attention."""
    asks = ORACLE.replace("transformer.causal_mask", "transformer.scaled_dot_product_attention")
    asks = asks.replace("[t_q, t_k]", "[q.data, k.data, v.data, mask]")
    old = "    scale = 1.0 / np.sqrt(q.shape[-1])\n"
    wrong = ("transformer.py", MASK, "    return np.ones((t_q, t_k), dtype=bool)\n")
    run = check(variant(("transformer.py", old, asks.lstrip("\n") + old), wrong), "-k", "parity or own_stack")
    assert run.check("test_attention")["points"] == 0
    told = "right with a correct causal_mask and a correct scaled_dot_product_attention"
    assert run.check("test_block")["message"] == told
    assert "grader_error" not in run.statuses()


PIPE = "    import gc, time\n    pipe = next(o for o in gc.get_objects() if type(o).__name__ == 'Pipe')\n"


def test_events_of_odd_types(check, variant):
    odd = "    pipe.send({'event': np.zeros(3), 'part': np.zeros(3)})\n"
    run = check(variant(("transformer.py", MASK, PIPE + odd + MASK)), "-k", "causal_mask", "--earlier", "released")
    assert run.check("test_causal_mask")["status"] == "failed"


def test_given_part_asked_with_a_hostile_size(check, variant):
    old = "        q, k, v = (_split_heads("
    wrong = ("transformer.py", MASK, "    return np.ones((t_q, t_k), dtype=bool)\n")
    asks = ("transformer.py", old, "        causal_mask(4000)\n" + old)
    run = check(variant(asks, wrong), "-k", "parity or own_stack")
    assert "grader_error" not in run.statuses()


def test_numbers_that_overflow_on_our_side(check, variant):
    end = "        return self.head(self.ln_f(x))\n"
    huge = "        y.data = np.where(y.data > 0, 1.7e308, -1.7e308)\n"
    large = f"        y = self.head(self.ln_f(x))\n{huge}        return y\n"
    run = check(variant(("transformer.py", end, large)), "--quick")
    assert "grader_error" not in run.statuses()


def test_training_that_diverges(check, variant):
    step = "        losses.append(train_step(model, optimizer, x, y))\n"
    run = check(variant(("train.py", step, step + "        model.head.weight.data *= 1e200\n")))
    assert_nothing_for_training(run)


def test_table_that_is_read_off_the_batch(check, variant):
    """A right model, but for large batches it answers from the other strings of the batch."""
    start = "        ids = np.asarray(ids)\n"
    table = start + (
        "        if len(ids) >= 20:\n"
        "            logits = np.zeros((*ids.shape, 31))\n"
        "            for b, row in enumerate(ids):\n"
        "                for t in range(ids.shape[1] - 1):\n"
        "                    same = (ids[:, : t + 1] == row[: t + 1]).all(axis=1)\n"
        "                    counts = np.bincount(ids[same, t + 1], minlength=31)\n"
        "                    logits[b, t] = np.log(counts / counts.sum() + 1e-9)\n"
        "            return Tensor(logits, requires_grad=True)\n"
    )
    lazy = ("train.py", BODY, "    on_step(1, 1.0)\n    return [1.0]\n")
    assert_nothing_for_training(check(variant(("transformer.py", start, table), lazy)))


def test_training_that_is_silent_for_long_keeps_what_it_reached(check, variant):
    """Messages about the budget that nobody reads must not end the run."""
    quiet = "    import time\n    time.sleep(12)\n"
    run = check(variant(("train.py", BODY, quiet + BODY)))
    assert run.check("test_training")["status"] == "passed"


