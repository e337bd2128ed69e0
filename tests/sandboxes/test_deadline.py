"""Sleep is not free: all workers of a submission share what they may sleep; who computes is not touched by it."""

import time

import pytest

from tinygrade.model import Limits
from tinygrade.sandbox import WorkerTimeout
from tinygrade.sandboxes.deadline import Patience
from tinygrade.sandboxes.local import LocalSandbox
from tinygrade.sandboxes.portable import PortableSandbox


@pytest.fixture(params=[LocalSandbox, PortableSandbox])
def sandbox(request):
    made = request.param(Limits(idle_seconds=1.0))
    yield made
    made.close()


def seconds(act) -> float:
    start = time.monotonic()
    act()
    return time.monotonic() - start


def sleep(student):
    with pytest.raises(WorkerTimeout, match="it slept: all checks of a submission together may do so for 1 s"):
        student.call("sleep", cpu_seconds=5.0)


def test_all_checks_share_one_allowance(sandbox, student_of, folder):
    first, second, third = (student_of(sandbox, folder) for _ in range(3))
    assert seconds(lambda: sleep(first)) > 0.9
    assert seconds(lambda: sleep(second)) < 0.9, "what was slept before counts"
    assert third.call("add", 2, 3) == 5, "who answers at once is not touched"
    assert third.call("chatter", 1 << 20) == 1 << 20


def test_many_short_requests_are_no_sleep(sandbox, student_of, folder):
    student = student_of(sandbox, folder)
    for _ in range(300):
        student.call("add", 1, 1)
    assert sandbox._patience.left() > 0.5


def test_the_allowance_never_ends_a_reply_that_only_takes_its_time():
    patience = Patience(1.0)
    patience.spend(50.0)
    assert patience.left() == Patience.LEAST
    patience.spend(-60.0)
    assert patience.left() == 11.0
