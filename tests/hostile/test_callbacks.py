"""Student code that misuses the functions it is given to call: bounded, and answered for what was given only."""

import pytest

CHECK = "    inputs = [np.array(x, dtype=np.float64) for x in inputs]\n    for _ in range(2):\n"
PIPE = "    import gc\n    pipe = next(o for o in gc.get_objects() if type(o).__name__ == 'Pipe')\n"


def question(function="0", args="[np.ones(4)]"):
    return PIPE + f"    pipe.send({{'event': 'call', 'function': {function}, 'args': {args}}})\n    pipe.receive()\n"


#: What check_op does instead, and what has to be said about it.
MISUSES = {
    "with a huge array": ("    f(*[np.zeros(1_000_000) for _ in inputs])\n", "expected an array of shape"),
    "with huge frames": ("    f(*[np.zeros((1000, 1000))] * 4)\n", "was called with 4"),
    "with nothing": ("    f()\n", "was called with 0"),
    "with None": ("    f(*[None for _ in inputs])\n", "was called with None"),
    "with a list": ("    f(*[[1.0, 2.0] for _ in inputs])\n", "was called with a list of 2"),
    "with a string": ("    f(*['x' * 1000 for _ in inputs])\n", "was called with a string"),
    "with truth values": ("    f(*[True for _ in inputs])\n", "was called with the number True"),
    "of a number that is not there": (question("99"), "not an answer"),
    "of a negative number": (question("-1"), "not an answer"),
    "of no number": (question("'0'"), "not an answer"),
    "of True": (question("True"), "not an answer"),
    "with no arguments at all": (question(args="None"), "not an answer"),
    "for a part": (
        PIPE + "    pipe.send({'event': 'given', 'part': 'ops.add', 'args': [], 'weights': {}, 'cotangent': None,"
        " 'wrt': []})\n    pipe.receive()\n",
        "not an answer",
    ),
}


@pytest.fixture
def check(shared_check):
    return shared_check


def judged(check, folder, *select):
    run = check(folder, *select, assignment="assignment1")
    assert run.report is not None, run.text
    assert "grader_error" not in run.statuses(), run.text
    assert "Traceback" not in run.text
    return run


@pytest.mark.parametrize("how", MISUSES)
def test_calls(check, variant, how):
    payload, told = MISUSES[how]
    run = judged(check, variant(("gradcheck.py", CHECK, payload + CHECK)), "-k", "test_check_op")
    result = run.check("test_check_op")
    assert (result["status"], result["points"]) == ("failed", 0)
    assert told in result["message"]


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        ("    while True:\n        pass\n", "timed_out"),
        ("    import os\n    os._exit(0)\n", "crashed"),
        ("    x = [np.ones(10_000_000) for _ in range(1000)]\n", "out_of_memory"),
    ],
    ids=["never returns", "ends its process", "asks for memory"],
)
def test_other_ends(check, variant, impatient, payload, status):
    options = impatient if status == "timed_out" else ()
    run = judged(check, variant(("gradcheck.py", CHECK, payload + CHECK)), "-k", "test_check_op", *options)
    assert run.check("test_check_op")["status"] == status
    assert run.check("test_check_op")["points"] == 0


def test_calls_without_end(check, variant, impatient):
    """The number of calls is bounded, and so is the time: which of them comes first depends on the machine."""
    payload = "    while True:\n        f(*inputs)\n"
    run = judged(check, variant(("gradcheck.py", CHECK, payload + CHECK)), "-k", "test_check_op", *impatient)
    result = run.check("test_check_op")
    assert result["points"] == 0
    assert (result["status"], "10,000 times" in result["message"]) in [("failed", True), ("timed_out", False)]


def test_nothing_is_answered_in_another_check(check, variant):
    """A worker that was given no function gets none by asking: not even the one of another check."""
    run = judged(check, variant(("ops.py", "", f"\n\ndef add(a, b):\n{question()}    return a\n")), "-k", "test_add")
    result = run.check("test_add")
    assert (result["status"], result["points"]) == ("failed", 0)
    assert "not an answer" in result["message"]


def test_numbers_that_are_not_finite_are_answered(check, variant):
    """They are a student's numbers like any other; the rules here must bear them."""
    body = "    for bad in (np.nan, np.inf, -np.inf, 1e308):\n        f(*[np.full(x.shape, bad) for x in inputs])\n"
    body += "        vjp(np.full(np.shape(f(*inputs)), bad), *[np.full(x.shape, bad) for x in inputs])\n"
    run = judged(check, variant(("gradcheck.py", CHECK, body + CHECK)), "-k", "test_check_op")
    assert run.check("test_check_op")["status"] == "passed"


@pytest.mark.parametrize("answer", ["True", "False", "np.True_", "1", "None", "'right'", "[]"])
def test_the_same_answer_to_every_rule_earns_nothing(check, variant, answer):
    run = judged(check, variant(("gradcheck.py", CHECK, f"    return {answer}\n" + CHECK)), "-k", "test_check_op")
    assert (run.check("test_check_op")["status"], run.check("test_check_op")["points"]) == ("failed", 0)


@pytest.mark.parametrize(
    "rule",
    [
        "_N[0] % 2 == 0",
        "_N[0] > 11",
        "_N[0] <= 11",
        "_SEEN.setdefault(f(*[np.ones(x.shape) for x in inputs]).tobytes(), _N[0]) == _N[0]",
    ],
    ids=["in turn", "first half", "second half", "seen before"],
)
def test_counting_and_recognising_do_not_pay(check, variant, rule):
    """Over several runs: the order is drawn, and of each function as many rules are right as wrong."""
    body = f"    _N[0] += 1\n    return bool({rule})\n"
    state = ("gradcheck.py", "import numpy as np\n", "import numpy as np\n\n_N, _SEEN = [0], {}\n")
    folder = variant(state, ("gradcheck.py", CHECK, body + CHECK))
    runs = [judged(check, folder, "-k", "test_check_op", "--seed", str(seed)) for seed in range(4)]
    earned = [run.check("test_check_op")["points"] for run in runs]
    assert sum(earned) / len(earned) < 8 / 3, earned
