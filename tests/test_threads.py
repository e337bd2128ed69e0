"""Work in threads: everything that is found arrives, errors end it, and so does an interrupt at any moment."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from tinygrade.threads import Threads


@pytest.fixture
def threads():
    made = Threads(3)
    yield made
    made.close()


def test_an_item_may_give_several_and_they_come_as_they_are_found(threads):
    release = threading.Event()

    def work(item):
        yield item, "first"
        assert release.wait(10)
        yield item, "second"

    found = threads.run(range(5), work)
    early = [next(found) for _ in range(3)]
    assert sorted(early) == [(0, "first"), (1, "first"), (2, "first")]
    release.set()
    assert sorted([*early, *found]) == [(item, word) for item in range(5) for word in ("first", "second")]


def test_an_item_may_give_nothing(threads):
    assert list(threads.run(range(5), lambda item: ())) == []


def test_what_was_found_before_an_error_is_told_first(threads):
    def work(item):
        yield item
        raise ValueError("after it")

    found = threads.run([1], work)
    assert next(found) == 1
    with pytest.raises(ValueError, match="after it"):
        next(found)


def test_close_waits_for_what_runs():
    threads, ended = Threads(2), []

    def work(item):
        yield item
        time.sleep(0.2)
        ended.append(item)

    found = threads.run(range(9), work)
    next(found)
    threads.close()
    assert 1 <= len(ended) <= 3
    assert len(list(found)) <= 2


class Interrupt(BaseException):
    """As Ctrl-C."""


def test_an_interrupt_at_any_moment_leaves_no_thread_waiting():
    def interrupt(number, frame):
        raise Interrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for number in range(100):
            threads = Threads(3)
            with pytest.raises(Interrupt):  # noqa: PT012  (the moment is what is tried)
                signal.setitimer(signal.ITIMER_REAL, 0.003 + number * 1e-5)
                for _ in threads.run(range(200_000), lambda item: [item]):
                    pass
            closing = threading.Thread(target=threads.close, daemon=True)
            closing.start()
            closing.join(5)
            assert not closing.is_alive(), f"hangs after interrupt {number}"
    finally:
        signal.signal(signal.SIGALRM, before)
