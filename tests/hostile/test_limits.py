"""Code that never ends, takes everything or ends its own process: the right status, others graded, nothing left."""


import pytest

LOOP = "while True:\n    pass"
STUBBORN = """
import signal
for number in (signal.SIGALRM, signal.SIGXCPU, signal.SIGTERM, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""
SLEEP = "import time\ntime.sleep(3600)"
MEMORY = "blocks = [bytearray(64 << 20) for _ in range(96)]"
PRINTS = "import sys\nfor _ in range(300):\n    sys.stdout.write('x' * (1 << 20))"
EXIT = "import os\nos._exit(0)"
SYS_EXIT = "import sys\nsys.exit(0)"
RECURSION = "def deep(n):\n    return deep(n + 1)\ndeep(0)"
DEEPER = "import sys\nsys.setrecursionlimit(1 << 30)\ndef deep(n):\n    return deep(n + 1)\ndeep(0)"
FORKS = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(60)\n    os._exit(0)"
KILL = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)"

#: Payload in the mask, the statuses that its check may have, and what the report must say.
IN_MASK = {
    "loop": (LOOP, {"timed_out"}, "CPU"),
    "stubborn loop": (STUBBORN, {"timed_out"}, "CPU"),
    "memory": (MEMORY, {"out_of_memory"}, "memory"),
    "exit": (EXIT, {"crashed"}, "ended"),
    "sys.exit": (SYS_EXIT, {"crashed"}, "exit"),
    "recursion": (RECURSION, {"failed"}, "RecursionError"),
    "deeper recursion": (DEEPER, {"crashed", "out_of_memory", "failed", "timed_out"}, ""),
    "segfault": (KILL, {"crashed"}, "SIGSEGV"),
}


@pytest.mark.parametrize("name", IN_MASK)
def test_in_a_function(check, hostile, left_behind, name):
    payload, statuses, told = IN_MASK[name]
    run = check(hostile("mask", payload), "-k", "mask or attention_gradient or own_stack")
    assert run.exit_code == 1, run.text
    assert run.check("test_causal_mask")["status"] in statuses, run.text
    assert told in run.check("test_causal_mask")["message"]
    assert run.check("test_attention_gradient")["status"] == "passed"
    assert run.check("test_own_stack")["status"] == "passed"
    assert not left_behind()


def test_place_of_a_loop_is_told(check, hostile):
    run = check(hostile("mask", LOOP), "-k", "test_causal_mask")
    assert run.check("test_causal_mask")["where"].startswith("transformer.py:")
    assert "causal_mask" in run.check("test_causal_mask")["where"]


def test_prints_are_cut_and_the_answer_counts(check, hostile):
    run = check(hostile("mask", PRINTS), "-k", "test_causal_mask")
    assert run.check("test_causal_mask")["status"] == "passed"
    assert len(run.check("test_causal_mask")["output"]) < 1 << 18
    assert len(run.stdout) < 1 << 16


@pytest.mark.parametrize("payload", [STUBBORN, EXIT, SYS_EXIT], ids=["loop", "exit", "sys.exit"])
def test_at_import_is_paid_once(check, hostile, left_behind, payload):
    """The first check tells what happened; the others are blocked at once, and those of other modules graded."""
    run = check(hostile("import", payload))
    assert run.exit_code == 1, run.text
    assert run.statuses() <= {"timed_out", "crashed", "blocked", "passed"}
    assert run.check("test_own_stack")["status"] == "passed"
    assert run.report["score"] == 5
    assert not left_behind()


def test_sleep_is_ended_by_the_wall_clock(check, hostile):
    run = check(hostile("mask", SLEEP), "-k", "test_causal_mask and 4")
    result = run.check("test_causal_mask")
    assert result["status"] in ("timed_out", "partial")
    assert "no answer within" in result["message"]


def test_forward_that_hangs_costs_no_more_than_its_limits(check, hostile, left_behind):
    run = check(hostile("forward", STUBBORN), "-k", "logits or census or mask")
    assert run.check("test_logits")["status"] == "timed_out"
    assert run.check("test_causal_mask")["status"] == "passed"
    assert not left_behind()


@pytest.mark.parametrize(
    ("payload", "status"), [(EXIT, "crashed"), (SYS_EXIT, "crashed"), (MEMORY, "out_of_memory")]
)
def test_in_training(check, hostile, payload, status):
    run = check(hostile("train", payload))
    assert run.check("test_training")["status"] == status, run.text
    assert run.check("test_log_probabilities")["status"] == "passed"
    assert run.report["score"] == 80


def test_processes_that_leave_their_group_are_found(check, hostile, left_behind):
    check(hostile("mask", FORKS), "-k", "test_causal_mask")
    assert not left_behind()
