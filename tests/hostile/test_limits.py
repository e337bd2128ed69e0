"""Code that never ends, takes everything or ends its own process: the right status, others graded, nothing left."""

import pytest

#: Smoke checks of earlier assignments take longer than what is tried here.
RELEASED = ("--earlier", "released")
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
PRINTS = "import sys\nfor _ in range(40):\n    sys.stdout.write('x' * (1 << 20))"
EXIT = "import os\nos._exit(0)"
SYS_EXIT = "import sys\nsys.exit(0)"


def test_place_of_a_loop_is_told(forked_check, hostile, impatient):
    run = forked_check(hostile("mask", LOOP), "-k", "test_causal_mask", *RELEASED, *impatient)
    assert run.check("test_causal_mask")["where"].startswith("transformer.py:")
    assert "causal_mask" in run.check("test_causal_mask")["where"]


def test_prints_are_cut_and_the_answer_counts(forked_check, hostile):
    run = forked_check(hostile("mask", PRINTS), "-k", "test_causal_mask", *RELEASED)
    assert run.check("test_causal_mask")["status"] == "passed"
    assert len(run.check("test_causal_mask")["output"]) < 1 << 18
    assert len(run.stdout) < 1 << 16


@pytest.mark.parametrize("payload", [STUBBORN, EXIT, SYS_EXIT], ids=["loop", "exit", "sys.exit"])
def test_at_import_is_paid_once(check, hostile, left_behind, impatient, payload):
    """The first check tells what happened; the others are blocked at once, and those of other modules graded."""
    run = check(hostile("import", payload), *impatient)
    assert run.exit_code == 1, run.text
    assert run.statuses() <= {"timed_out", "crashed", "blocked", "passed"}
    assert run.check("test_own_stack")["status"] == "passed"
    assert run.report["score"] == 5
    assert not left_behind()


def test_sleep_is_ended_by_the_wall_clock(forked_check, hostile, impatient):
    run = forked_check(hostile("mask", SLEEP), "-k", "test_causal_mask and 4", *RELEASED, *impatient)
    result = run.check("test_causal_mask")
    assert result["status"] in ("timed_out", "partial")
    assert "no answer within" in result["message"]


def test_forward_that_hangs_costs_no_more_than_its_limits(check, hostile, left_behind, impatient):
    run = check(hostile("forward", STUBBORN), "-k", "logits or census or mask", *RELEASED, *impatient)
    assert run.check("test_logits")["status"] == "timed_out"
    assert run.check("test_causal_mask")["status"] == "passed"
    assert not left_behind()


@pytest.mark.parametrize(
    ("payload", "status"), [(EXIT, "crashed"), (SYS_EXIT, "crashed"), (MEMORY, "out_of_memory")]
)
def test_in_training(forked_check, hostile, payload, status):
    run = forked_check(hostile("train", payload))
    assert run.check("test_training")["status"] == status, run.text
    assert run.check("test_log_probabilities")["status"] == "passed"
    assert run.report["score"] == 80


