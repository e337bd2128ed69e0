"""What root gives up: capabilities always, its user when another one can read the interpreter."""

import os
from pathlib import Path

import pytest

from tinygrade.worker import kernel, privileges

needs_linux = pytest.mark.skipif(not kernel.KNOWN, reason="SKIPPED: capabilities are a matter of Linux")
needs_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="SKIPPED: needs root")

STATUS = """
pairs = [line.split(":", 1) for line in open("/proc/self/status").read().splitlines()]
result = {name: value.split() for name, value in pairs if name.startswith(("Cap", "Uid", "Gid", "Groups"))}
"""


@needs_linux
def test_no_capability_is_left_and_none_can_come_back(confined):
    status = confined(STATUS, without=["landlock", "seccomp"])
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(status[name][0], 16) == 0, name
    if os.geteuid() == 0:
        assert int(status["CapBnd"][0], 16) == 0


@needs_root
def test_capabilities_are_those_of_the_kernel():
    text = Path("/proc/self/status").read_text()
    assert privileges.capabilities() == int(text.partition("CapEff:")[2].split()[0], 16) != 0


@needs_root
def test_root_without_capabilities_cannot_pass_by_permissions(confined, tmp_path):
    tmp_path.chmod(0o755)
    locked = tmp_path / "locked"
    locked.write_text("secret")
    os.chown(locked, 1234, 1234)
    locked.chmod(0o600)
    code = f"result = outcome(lambda: open({str(locked)!r}).close())"
    assert confined(code, without=["landlock", "seccomp", "privileges"]) == "done"
    assert confined(code, without=["landlock", "seccomp"]) == "EACCES"


@needs_root
def test_the_user_is_changed_when_it_can_read_what_is_needed(tmp_path):
    tmp_path.chmod(0o700)
    (tmp_path / "file").touch()
    assert privileges.unused_uid([tmp_path / "file"]) is None
    uid = privileges.unused_uid([Path("/etc/passwd")])
    assert privileges.FIRST_UID <= uid < privileges.FIRST_UID + privileges.UIDS
    assert str(uid) not in [line.split(":")[2] for line in Path("/etc/passwd").read_text().splitlines()]


@needs_root
def test_another_user_has_no_groups(confined):
    before = "import tinygrade_worker.privileges as p\np.unused_uid = lambda needed: 60123"
    status = confined(STATUS, before=before, without=["landlock", "seccomp"])
    assert status["Uid"] == status["Gid"] == ["60123"] * 4
    assert status["Groups"] == []


@needs_root
def test_without_the_capability_to_kill_the_user_is_kept(monkeypatch):
    """A worker of another user could not be ended."""
    all_but_kill = privileges.capabilities() & ~(1 << privileges.CAP_KILL)
    monkeypatch.setattr(privileges, "capabilities", lambda: all_but_kill)
    assert privileges.unused_uid([Path("/etc/passwd")]) is None


def test_ordinary_users_have_nothing_to_change(monkeypatch):
    monkeypatch.setattr(privileges.os, "geteuid", lambda: 1000)
    assert privileges.unused_uid([]) is None
