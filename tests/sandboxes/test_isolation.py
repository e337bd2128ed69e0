"""The level of isolation: from what a canary could do, never from what was meant; and what student code reaches."""

import os
import sysconfig
import time
from pathlib import Path

import numpy as np
import pytest

from tinygrade.errors import GraderError
from tinygrade.isolation import Isolation, level, refusal
from tinygrade.model import Limits
from tinygrade.sandbox import WorkerDied, WorkerNonsense, WorkerTimeout
from tinygrade.sandboxes.channel import Channel
from tinygrade.sandboxes.isolation import Gate, measured
from tinygrade.sandboxes.local import LocalSandbox
from tinygrade.sandboxes.portable import PortableSandbox
from tinygrade.worker import landlock, seccomp

APPLIED = {"landlock_abi": 7, "seccomp": True, "uid_dropped": False, "capabilities": False}
needs_all = pytest.mark.skipif(not (landlock.abi() and seccomp.available()), reason="SKIPPED: no Landlock or seccomp")


class Worker:
    """A worker that says and answers this, or raises it."""

    def __init__(self, answer):
        self.answer = answer
        self.closed = False

    def hear(self, *, cpu_seconds):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def ask(self, request, *, cpu_seconds):
        assert request["do"] == "canary"
        return self.hear(cpu_seconds=cpu_seconds)

    def close(self):
        self.closed = True


# ---- from acts to a level ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("possible", "expected"),
    [
        ([], "strong"),
        (["network"], "weak"),
        (["read files", "signals"], "weak"),
        (["read files", "network"], "weak"),
        (["read files", "network", "processes"], "none"),
        (["memory"], "none"),
        (["network", "memory"], "none"),
    ],
)
def test_levels(possible, expected):
    assert level(possible) == expected
    canary = Worker({"value": possible})
    assert measured(canary, Gate()) == Isolation(expected, tuple(possible))
    assert canary.closed


@pytest.mark.parametrize("error", [WorkerDied("it fell"), WorkerTimeout("too long"), WorkerNonsense("noise")])
def test_a_canary_that_does_not_answer_proves_nothing(error):
    canary = Worker(error)
    got = measured(canary, Gate())
    assert got.level == "none"
    assert str(error) in got.missing[0]
    assert canary.closed


def test_a_canary_waits_until_it_is_asked(isolation_without, monkeypatch):
    """One that has answered and ended beforehand would leave nobody to ask."""
    ask = Channel.ask

    def late(self, *args, **more):
        time.sleep(0.5)
        return ask(self, *args, **more)

    monkeypatch.setattr(Channel, "ask", late)
    assert not any("failed" in act for act in isolation_without().missing)


def test_what_was_applied_is_in_the_report():
    gate = Gate()
    gate.pass_through(Worker({"applied": APPLIED}))
    assert measured(Worker({"value": []}), gate) == Isolation("strong", (), **APPLIED)


@pytest.mark.parametrize("wanted", ["none", "weak", "strong"])
@pytest.mark.parametrize("got", ["none", "weak", "strong"])
def test_less_than_what_is_asked_for_is_refused(wanted, got):
    order = ["none", "weak", "strong"]
    text = refusal(Isolation(got, ("read files",)), wanted)
    assert bool(text) == (order.index(got) < order.index(wanted))
    if text:
        assert "not graded, not zero" in text
        assert "read files" in text
        assert "tinygrade doctor" in text


# ---- no student code before the worker is confined ---------------------------------------------------


@pytest.mark.parametrize("message", [{"unconfined": "no"}, {}, {"applied": None}, {"value": []}])
def test_a_worker_that_could_not_be_confined_is_our_fault(message):
    worker = Worker(message)
    with pytest.raises(GraderError, match="could not be confined"):
        Gate().pass_through(worker)
    assert worker.closed


def test_a_worker_that_ends_before_is_our_fault():
    with pytest.raises(GraderError, match="before it was confined"):
        Gate().pass_through(Worker(WorkerDied("it fell")))


def test_a_worker_that_is_confined_less_than_the_canary_is_refused():
    gate = Gate()
    gate.pass_through(Worker({"applied": APPLIED}))
    worker = Worker({"applied": {**APPLIED, "landlock_abi": 0}})
    with pytest.raises(GraderError, match="confined differently"):
        gate.pass_through(worker)
    assert worker.closed


# ---- real canaries -----------------------------------------------------------------------------------


def test_a_real_canary(sandbox, open_files, left_behind):
    sandbox.isolation()  # what is loaded once
    files = open_files()
    got = sandbox.isolation()
    assert open_files() == files
    assert "memory" not in got.missing
    assert got.level == ("strong" if not got.missing else "weak")
    # Files of no size and sizes of files are limited by rlimits alone, on every system that has them.
    assert "write files" not in got.missing
    assert not list(Path("/tmp").glob("tinygrade-canary-*"))


@pytest.fixture(params=[LocalSandbox, PortableSandbox], ids=["local", "portable"])
def isolation_without(request):
    """`isolation_without(step, ...)`: what a machine without these measures itself to have."""

    def measure(*steps):
        sandbox = request.param(Limits(), without=steps)
        try:
            return sandbox.isolation()
        finally:
            sandbox.close()

    return measure


@needs_all
def test_with_all_it_is_strong(isolation_without):
    got = isolation_without()
    assert (got.level, got.missing) == ("strong", ())
    assert got.landlock_abi == landlock.abi()
    assert got.seccomp
    assert not got.capabilities


@needs_all
def test_without_landlock_files_are_open_and_the_network_is_not(isolation_without):
    got = isolation_without("landlock")
    assert (got.level, got.landlock_abi, got.seccomp) == ("weak", 0, True)
    assert {"read files", "create files"} <= set(got.missing)
    assert not {"network", "processes", "signals", "change files", "shared memory"} & set(got.missing)


@needs_all
def test_without_seccomp_the_network_is_open_and_files_are_not(isolation_without):
    got = isolation_without("seccomp")
    assert (got.level, got.landlock_abi, got.seccomp) == ("weak", landlock.abi(), False)
    assert {"network", "processes", "change files"} <= set(got.missing)
    assert not {"read files", "create files", "read the grader"} & set(got.missing)


def test_without_both_only_limits_hold(isolation_without):
    got = isolation_without("landlock", "seccomp", "privileges")
    assert (got.level, got.landlock_abi, got.seccomp) == ("none", 0, False)
    assert {"read files", "create files", "network", "processes", "signals", "read the grader"} <= set(got.missing)
    assert not {"memory", "write files"} & set(got.missing)


# ---- what student code can reach ---------------------------------------------------------------------

LOOK = """
import os


def opened(paths):
    found = []
    for path in paths:
        try:
            os.close(os.open(path, os.O_RDONLY))
        except OSError:
            continue
        found.append(path)
    return found


def source():
    import inspect

    return inspect.getsource(source)


def fail():
    raise ValueError("here")
"""


@pytest.fixture
def spy(folder, start):
    (folder / "main.py").write_text(LOOK)
    return start()


@needs_all
def test_neither_the_grader_nor_the_solution_can_be_opened(spy, repository, folder):
    packages = Path(sysconfig.get_path("purelib"))
    reference = repository / "reference" / "tinytorch"
    checks = repository / "assignments" / "assignment3"
    paths = [
        *(packages / name / "__init__.py" for name in ("pytest", "pluggy", "click", "rich")),
        packages,
        reference / "transformer.py",
        checks / "test_2_parity.py",
        repository / "tinygrade" / "worker" / "session.py",
        folder / "main.py",
        folder,
        Path("/etc/passwd"),
        Path("/proc/self/environ"),
        Path(f"/proc/{os.getpid()}/environ"),
    ]
    assert all(path.exists() for path in paths)
    assert spy.call("opened", [str(path) for path in paths]) == []
    assert spy.call("opened", [np.__file__]) == [np.__file__]


def test_a_worker_has_its_pipes_and_nothing_else(spy):
    folder = Path(f"/proc/{spy.worker._process.pid}/fd")
    links = [os.readlink(folder / name) for name in sorted(os.listdir(folder))]
    assert links[0] == os.devnull
    assert len(links) == 5
    assert all(link.startswith("pipe:") for link in links[1:])


def test_sources_are_shown_although_they_are_nowhere(spy):
    assert spy.call("source").startswith("def source():")
    found = spy.ask("get", spy.module, "fail")["value"]
    error = spy.ask("call", found, [], {})["error"]
    assert error["frames"] == [["main.py", 23, "fail", 'raise ValueError("here")']]
