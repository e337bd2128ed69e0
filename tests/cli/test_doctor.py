"""`tinygrade doctor`: what it says, in a pipe too, and its exit code."""

import pytest

from tinygrade.cli import doctor
from tinygrade.hookspecs import hookimpl
from tinygrade.isolation import Isolation
from tinygrade.plugins import make_plugin_manager
from tinygrade.sandboxes.local import LocalSandbox


@pytest.fixture
def measured(monkeypatch):
    """`measured(isolation)`: what the machine is said to have."""
    return lambda isolation: monkeypatch.setattr(doctor, "_measured", lambda manager, name: isolation)


@pytest.mark.parametrize(
    ("isolation", "code"),
    [
        (Isolation("strong", (), 7, True), 0),
        (Isolation("weak", ("read files",), 0, True), 4),
        (Isolation("none", ("memory",)), 4),
    ],
)
def test_exit_code_and_level(tinygrade, measured, isolation, code):
    measured(isolation)
    done = tinygrade("doctor", in_course=False)
    assert done.code == code, done
    assert f"isolation    {isolation.level}\n" in done.out
    assert all(act in done.out for act in isolation.missing)


def test_the_real_machine(tinygrade):
    done = tinygrade("doctor", in_course=False)
    assert done.code in (0, 4)
    for name in ("system", "Landlock", "seccomp", "you are", "workers are", "Python", "numpy", "packages", "scratch"):
        assert f"\n{name} " in f"\n{done.out}"
    assert "\x1b" not in done.out


def test_an_unknown_sandbox(tinygrade):
    done = tinygrade("doctor", "--sandbox", "locl", in_course=False)
    assert done.code == 2
    assert "did you mean 'local'" in done.err


def test_a_sandbox_without_a_scratch_folder():
    """As a plugin may bring it."""
    manager = make_plugin_manager()
    manager.register(Plain())
    assert doctor._measured(manager, "plain").scratch == ""
    assert doctor._measured(manager, "local").scratch != ""


class Plain:
    @hookimpl
    def tinygrade_register_sandboxes(self, register):
        register("plain", lambda limits, without=(): LocalSandbox(limits, without))


def test_help_tells_the_exit_codes(tinygrade):
    assert "else 4" in tinygrade("doctor", "--help", in_course=False).out
