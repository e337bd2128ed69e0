"""Attempts to earn points without doing the work, and to reach the grader: nothing is gained, nothing is run."""

import json

import numpy as np
import pytest

BODY = "    model.train()\n"
MASK = "    return np.arange(t_k) <= query_positions\n"
STRINGS = "AAAA BBBB CCCC 1111 2222 ABCD EFGH IJKL MNOP QRST 1234 5678 9012 AB CD EF GH 12 34 56 78"


def trained_weights(repository):
    """Weights of a model that was trained before, on the 21 strings: what a cheat would paste."""
    import importlib
    import importlib.util
    import sys
    from importlib.machinery import ModuleSpec

    name = "cheating_reference"
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [str(repository / "reference" / "tinytorch")]
    sys.modules[name] = importlib.util.module_from_spec(spec)
    train, transformer, data = (importlib.import_module(f"{name}.{m}") for m in ("train", "transformer", "data"))
    strings = STRINGS.split()
    x, y = data.make_batch(strings, data.CharTokenizer(sorted("ABCDEFGHIJKLMNOPQRST0123456789")))
    model = transformer.GPT(rng=np.random.default_rng(0))
    losses = train.train(model, x, y, rng=np.random.default_rng(1), on_step=lambda step, loss: 0.0)
    assert losses[-1] < 0.08
    return {path: parameter.data.round(4).tolist() for path, parameter in model.named_parameters()}


def assert_nothing_for_training(run):
    for name in ("test_training", "test_predictions"):
        assert run.check(name)["points"] == 0, run.check(name)
    assert "grader_error" not in run.statuses()


def test_pasted_weights(check, variant, repository):
    weights = json.dumps(trained_weights(repository))
    pasted = (
        f"    pasted = {weights}\n"
        "    for name, parameter in model.named_parameters():\n"
        "        parameter.data[...] = np.array(pasted[name])\n"
        "    for step in range(1, 200):\n"
        "        on_step(step, 0.06)\n"
        "    return [0.06]\n"
    )
    run = check(variant(("train.py", BODY, pasted)))
    assert_nothing_for_training(run)
    assert run.report["score"] == 80
    assert "drawn for this run" in run.check("test_training")["message"]


def test_table_of_the_strings_instead_of_a_model(check, variant):
    table = """
    def __call__(self, ids):
        strings = ("AAAA BBBB CCCC 1111 2222 ABCD EFGH IJKL MNOP QRST 1234 5678 9012 AB CD EF GH 12 34 56 78").split()
        characters = sorted("ABCDEFGHIJKLMNOPQRST0123456789")
        coded = [[characters.index(c) + 1 for c in s] + [0] * 10 for s in strings]
        logits = np.zeros((*np.shape(ids), 31))
        for b, row in enumerate(np.asarray(ids)):
            for t in range(len(row)):
                for code in coded:
                    if code[: t + 1] == list(row[: t + 1]):
                        logits[b, t, code[t + 1]] += 20.0
        return Tensor(logits, requires_grad=True)

    def forward(self, ids: np.ndarray) -> Tensor:
"""
    run = check(variant(("transformer.py", "    def forward(self, ids: np.ndarray) -> Tensor:\n", table.lstrip("\n"))))
    assert_nothing_for_training(run)


def test_model_that_sees_the_future(check, variant):
    run = check(variant(("transformer.py", MASK, "    return np.ones((t_q, t_k), dtype=bool)\n")))
    assert_nothing_for_training(run)
    assert "sees the future" in run.check("test_training")["message"]
    assert "sees the future" in run.stdout


def test_training_that_lies_about_its_loss(check, variant):
    lie = "    for step in range(400):\n        on_step(step, 0.05)\n    return [0.05]\n"
    run = check(variant(("train.py", BODY, lie)))
    assert_nothing_for_training(run)


def test_values_that_say_equal_to_everything(check, variant):
    liar = (
        "    class Liar(np.ndarray):\n"
        "        __eq__ = __le__ = __ge__ = __lt__ = lambda self, other: np.ones(self.shape, bool)\n"
        "        __sub__ = __rsub__ = __abs__ = lambda self, *other: np.zeros(self.shape)\n"
        "    return np.zeros((t_q, t_k or t_q), bool).view(Liar)\n"
    )
    run = check(variant(("transformer.py", MASK, liar)), "-k", "causal_mask")
    assert run.check("test_causal_mask")["points"] == 0


def test_patched_numpy_and_worker(check, variant):
    patch = (
        "import numpy as np\n"
        "import sys\n"
        "np.allclose = np.isclose = np.array_equal = np.testing.assert_allclose = lambda *a, **k: True\n"
        "for name, module in list(sys.modules.items()):\n"
        "    if 'tinygrade' in name or name.endswith('routines'):\n"
        "        for key in list(vars(module)):\n"
        "            if callable(getattr(module, key)) and not key.startswith('_'):\n"
        "                setattr(module, key, lambda *a, **k: None)\n"
    )
    mask = ("transformer.py", MASK, "    return np.zeros((t_q, t_q), bool)\n")
    run = check(variant(("transformer.py", "import numpy as np\n", patch), mask), "--quick")
    assert run.check("test_causal_mask")["points"] == 0
    assert "grader_error" not in run.statuses()


def test_forged_frames_on_every_descriptor(check, variant):
    forged = (
        "    import json, os, struct\n"
        "    text = json.dumps({'value': {'t': 'dict', 'v': [['value', True]]}, 'arrays': []}).encode()\n"
        "    for fd in range(3, 64):\n"
        "        try:\n"
        "            os.write(fd, struct.pack('>I', len(text)) + text)\n"
        "        except OSError:\n"
        "            pass\n"
        "    return np.zeros((t_q, t_q), bool)\n"
    )
    run = check(variant(("transformer.py", MASK, forged)), "--quick")
    assert run.check("test_causal_mask")["points"] == 0
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


def test_no_state_passes_from_check_to_check(check, variant):
    """The second call in a process would give a wrong mask; each check has its own, so every case passes."""
    once = (
        "    global CALLS\n"
        "    CALLS = globals().get('CALLS', 0) + 1\n"
        "    if CALLS > 1:\n"
        "        return np.zeros((t_q, t_k), bool)\n"
    )
    run = check(variant(("transformer.py", MASK, once + MASK)), "-k", "causal_mask")
    assert run.check("test_causal_mask")["status"] == "passed"


def test_the_solution_of_this_assignment_is_not_within_reach(check, variant, repository):
    """What a worker is given: the package's folder holds the submission and released files, nothing else of ours."""
    look = (
        "    import sys\n"
        "    names = [n for n in sys.modules if 'reference' in n or n == 'pytest' or n.startswith('tinygrade.')]\n"
        "    assert not names, names\n"
        "    assert not [p for p in sys.path if 'site-packages' in p], sys.path\n"
    )
    run = check(variant(("transformer.py", MASK, look + MASK)), "-k", "causal_mask")
    assert run.check("test_causal_mask")["status"] == "passed", run.text


ORACLE = """
    import gc
    pipe = next(o for o in gc.get_objects() if type(o).__name__ == "Pipe")
    pipe.send({"event": "given", "part": "transformer.causal_mask",
               "args": [t_q, t_k], "weights": {}, "cotangent": None, "wrt": []})
    return pipe.receive()["value"]
"""


def test_the_answers_for_given_parts_cannot_be_asked_for(check, variant):
    """A worker without stand-ins that asks like a stand-in gets nothing."""
    run = check(variant(("transformer.py", MASK, ORACLE.lstrip("\n"))), "-k", "mask or block or own_stack")
    assert run.check("test_causal_mask")["points"] == 0
    assert "grader_error" not in run.statuses()


def test_a_given_part_answers_for_itself_only(check, variant):
    """The mask is wrong, so the block is judged with a given mask; that worker cannot ask for attention."""
    asks = ORACLE.replace("transformer.causal_mask", "transformer.scaled_dot_product_attention")
    asks = asks.replace("[t_q, t_k]", "[q.data, k.data, v.data, mask]")
    old = "    scale = 1.0 / np.sqrt(q.shape[-1])\n"
    wrong = ("transformer.py", MASK, "    return np.ones((t_q, t_k), dtype=bool)\n")
    run = check(variant(("transformer.py", old, asks.lstrip("\n") + old), wrong), "-k", "parity or own_stack")
    assert run.check("test_attention")["points"] == 0
    assert run.check("test_block")["message"] == "right with a correct causal_mask and scaled_dot_product_attention"
    assert "grader_error" not in run.statuses()


PIPE = "    import gc, time\n    pipe = next(o for o in gc.get_objects() if type(o).__name__ == 'Pipe')\n"


def test_events_of_odd_types(check, variant):
    odd = "    pipe.send({'event': np.zeros(3), 'part': np.zeros(3)})\n"
    run = check(variant(("transformer.py", MASK, PIPE + odd + MASK)), "-k", "causal_mask or own_stack")
    assert run.check("test_causal_mask")["status"] == "failed"


def test_given_part_asked_with_a_hostile_size(check, variant):
    old = "        q, k, v = (_split_heads("
    wrong = ("transformer.py", MASK, "    return np.ones((t_q, t_k), dtype=bool)\n")
    asks = ("transformer.py", old, "        causal_mask(4000)\n" + old)
    run = check(variant(asks, wrong), "-k", "parity or own_stack")
    assert "grader_error" not in run.statuses()


def test_forged_routines(check, variant):
    forge = (
        "import numpy as np\nimport sys\n"
        "routines = next(m for n, m in sys.modules.items() if n.endswith('worker.routines')).ROUTINES\n"
        "routines.update(census=lambda *a: {1: 5, 'a': 'x'}, gradients=lambda *a: 5, vjp=lambda *a: [1, 2])\n"
    )
    run = check(variant(("transformer.py", "import numpy as np\n", forge)), "--quick")
    assert "grader_error" not in run.statuses()
    for name in ("test_parameters", "test_attention_gradient", "test_model_gradients"):
        assert run.check(name)["points"] == 0


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
    quiet = "    import time\n    end = time.process_time() + 12\n    while time.process_time() < end:\n        pass\n"
    run = check(variant(("train.py", BODY, quiet + BODY)))
    assert run.check("test_training")["status"] == "passed"


def test_zygote_that_is_killed(check, variant):
    """Where seccomp is missing; where it is not, the signal is refused."""
    kill = "    import os, signal\n    os.kill(os.getppid(), signal.SIGKILL)\n"
    options = ("--isolation", "none", "-k", "mask or attention_gradient or own_stack")
    run = check(variant(("transformer.py", MASK, kill + MASK)), *options)
    # The worker dies with its parent, before its answer is sent or just after.
    assert run.check("test_causal_mask")["status"] in ("crashed", "partial", "passed"), run.text
    assert run.exit_code in (0, 1)
    assert run.check("test_attention_gradient")["status"] == "passed"


def test_closed_descriptors(check, variant):
    close = "    import os, time\n    os.closerange(3, 64)\n    time.sleep(60)\n"
    run = check(variant(("transformer.py", MASK, close)), "-k", "causal_mask or own_stack")
    assert run.check("test_causal_mask")["status"] == "crashed"
