"""Times of a process as the kernel counts them."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tinygrade.sandboxes import clock

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
GONE = (1 << 22) + 1  # above the largest process id of the kernel


def test_it_counts_what_a_process_used():
    before = clock.cpu_seconds(os.getpid())
    start = time.process_time()
    while time.process_time() - start < 0.1:
        pass
    used = clock.cpu_seconds(os.getpid()) - before
    assert used >= 0.05
    assert used <= time.process_time() - start + 0.05


def test_milliseconds_are_counted_too():
    before, start = clock.busy_seconds(os.getpid()), time.process_time()
    while time.process_time() - start < 0.003:
        pass
    # Other threads of this process may have run meanwhile; the kernel counts up to this very reading.
    assert 0.003 <= clock.busy_seconds(os.getpid()) - before < 0.05


def test_a_process_that_is_gone_used_nothing():
    assert clock.cpu_seconds(GONE) == 0.0
    assert clock.busy_seconds(GONE) == 0.0
    assert clock.waited_seconds(GONE) == 0.0


@pytest.mark.parametrize("name", [") R 1 1 1", "a b", "((", ") 9 9"])
def test_a_process_cannot_lie_by_its_name(name):
    comm = Path("/proc/self/comm")
    before = comm.read_text().strip()
    honest = clock.cpu_seconds(os.getpid())
    try:
        comm.write_text(name)
        assert name[:15] in Path("/proc/self/stat").read_text()
        assert honest <= clock.cpu_seconds(os.getpid()) < honest + 5
    finally:
        comm.write_text(before)


def test_waiting_is_counted_in_seconds():
    waited = clock.waited_seconds(os.getpid())
    assert 0.0 <= waited < time.monotonic()


@pytest.mark.parametrize("text", ["", "1", "1 x 3", "\0"])
def test_what_the_kernel_does_not_tell_is_zero(text, monkeypatch):
    monkeypatch.setattr(clock, "_read", lambda pid, name: text.encode())
    assert clock.waited_seconds(os.getpid()) == 0.0


def test_a_clock_that_is_held_open_counts_the_same():
    held = clock.Clock(os.getpid())
    assert held.cpu_seconds() == pytest.approx(clock.cpu_seconds(os.getpid()), abs=0.05)
    assert held.waited_seconds() == pytest.approx(clock.waited_seconds(os.getpid()), abs=1.0)
    held.close()
    held.close()
    assert held.cpu_seconds() == held.waited_seconds() == 0.0


def test_a_clock_of_a_process_that_ends_counts_nothing_of_another():
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        held = clock.Clock(process.pid)
        assert held.cpu_seconds() < 60
        process.kill()
        process.wait()
    assert held.cpu_seconds() == held.waited_seconds() == 0.0
    held.close()


def test_a_clock_of_a_process_that_is_gone_counts_nothing():
    assert clock.Clock(GONE).cpu_seconds() == clock.Clock(GONE).waited_seconds() == 0.0
