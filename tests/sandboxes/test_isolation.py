"""The level of isolation: from what a canary could do, never from what was intended."""

import pytest

from tinygrade.model import Isolation
from tinygrade.sandbox import WorkerDied, WorkerNonsense, WorkerTimeout
from tinygrade.sandboxes.isolation import measured


class Canary:
    """A worker that answers with this, or raises it."""

    def __init__(self, answer):
        self.answer = answer
        self.closed = False

    def ask(self, request, *, cpu_seconds):
        assert request["do"] == "canary"
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def close(self):
        self.closed = True


@pytest.mark.parametrize(
    ("possible", "level"),
    [
        ([], "strong"),
        (["network"], "weak"),
        (["read files", "signals"], "weak"),
        (["memory"], "none"),
        (["network", "memory"], "none"),
    ],
)
def test_levels(possible, level):
    canary = Canary({"value": possible})
    assert measured(canary) == Isolation(level, tuple(possible))
    assert canary.closed


@pytest.mark.parametrize("error", [WorkerDied("it fell"), WorkerTimeout("too long"), WorkerNonsense("noise")])
def test_a_canary_that_does_not_answer_proves_nothing(error):
    canary = Canary(error)
    got = measured(canary)
    assert got.level == "none"
    assert str(error) in got.missing[0]
    assert canary.closed


def test_a_real_canary(sandbox, open_files, left_behind):
    sandbox.isolation()  # what is loaded once
    files = open_files()
    got = sandbox.isolation()
    assert open_files() == files
    assert "memory" not in got.missing
    assert got.level == ("weak" if got.missing else "strong")
    # Files of no size and sizes of files are limited by rlimits alone, on every system that has them.
    assert "write files" not in got.missing
