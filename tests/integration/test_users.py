"""As root with an interpreter that everybody can read, as an ordinary user, and where part of the isolation is missing.

The environment of the tests may lie where only root can read it; then another one is made from the system's Python.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

from tinygrade.worker import landlock, seccomp

needs_all = pytest.mark.skipif(not (landlock.abi() and seccomp.available()), reason="SKIPPED: no Landlock or seccomp")
ORDINARY = 12345
VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"


def is_public(path):
    """Can every user read this file or folder?"""
    path = Path(os.path.realpath(path))
    return path.stat().st_mode & 0o004 and all(parent.stat().st_mode & 0o001 for parent in path.parents)


@pytest.fixture(scope="module")
def public():
    """A folder that every user can reach, and that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="tinygrade-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def python(public, repository):
    """An interpreter with all that tinygrade needs that every user can run."""
    if os.geteuid() != 0:
        return sys.executable
    needed = [repository, sysconfig.get_path("purelib")]
    bases = [base for base in (sys.base_prefix, "/usr", "/usr/local") if Path(base, "bin", VERSION).exists()]
    base = next(filter(is_public, bases), None)
    if base is None or not all(map(is_public, needed)):
        pytest.skip(f"SKIPPED: no {VERSION} or no repository that other users than root can read")
    environment = public / "environment"
    subprocess.run([Path(base, "bin", VERSION), "-m", "venv", "--without-pip", environment], check=True, timeout=60)
    packages = environment / "lib" / VERSION / "site-packages"
    (packages / "tests.pth").write_text("\n".join(map(str, needed)))
    return str(environment / "bin" / "python")


@pytest.fixture
def tinygrade(python, public, tmp_path):
    """`tinygrade(*arguments, user=None)`: exit code and text of the command."""

    def run(*arguments, user=None):
        as_user = {"user": user, "group": user, "extra_groups": []} if user is not None else {}
        done = subprocess.run(
            [python, "-P", "-m", "tinygrade", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "COLUMNS": "200"},
            timeout=300,
            check=False,
            **as_user,
        )
        return done.returncode, done.stdout

    return run


def arguments(repository, *more):
    where = ["--course", repository / "assignments", "--submission", repository / "reference"]
    some = ["--earlier", "released", "-k", "census or causal_mask"]
    return ["check", "assignment3", *where, *some, "--seed", 7, "--instructor", *more]


needs_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="SKIPPED: needs root")


@needs_root
@needs_all
def test_root_drops_its_user(tinygrade, repository, tmp_path):
    report = tmp_path / "report.json"
    code, text = tinygrade(*arguments(repository, "--isolation", "strong", "--report", f"json={report}"))
    assert code == 0, text
    assert "isolation strong" in text
    isolation = json.loads(report.read_text())["isolation"]
    assert isolation["uid_dropped"], isolation
    assert not isolation["capabilities"]
    assert isolation["missing"] == []


LIVES = """
import json, os, sys, time
from pathlib import Path
from tinygrade.model import Limits
from tinygrade.sandboxes.local import LocalSandbox
from tinygrade.sandboxes.portable import PortableSandbox

def owner(pid):
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    return None if "State:\\tZ" in text else int(text.partition("Uid:")[2].split()[0])

def gone(pid):
    end = time.monotonic() + 10
    while owner(pid) is not None and time.monotonic() < end:
        time.sleep(0.01)
    return owner(pid) is None

local, portable = LocalSandbox(Limits()), PortableSandbox(Limits())
workers = [local.open(cpu_seconds=5.0), portable.open(cpu_seconds=5.0), local.open(cpu_seconds=5.0)]
pids = [worker._process.pid for worker in workers]
owners = [owner(pid) for pid in pids]
for worker in workers[:2]:
    worker.close()
closed = [gone(pid) for pid in pids[:2]]
local._zygote.kill()
print(json.dumps([owners, closed, gone(pids[2])]))
local.close()
portable.close()
"""


@needs_root
@needs_all
def test_workers_of_another_user_are_ended_and_die_with_their_parent(python):
    """A change of user forgets what happens when the parent dies, and needs the right to kill."""
    command = [python, "-P", "-c", LIVES]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    owners, closed, orphan_gone = json.loads(done.stdout)
    assert all(owner >= 60000 for owner in owners)
    assert closed == [True, True]
    assert orphan_gone


@needs_root
@needs_all
@pytest.mark.parametrize("sandbox", ["local", "portable"])
def test_an_ordinary_user(tinygrade, repository, sandbox):
    code, text = tinygrade(*arguments(repository, "--isolation", "strong", "--sandbox", sandbox), user=ORDINARY)
    assert code == 0, text
    assert "isolation strong" in text


@needs_root
@needs_all
@pytest.mark.parametrize("user", [None, ORDINARY], ids=["root", "ordinary"])
def test_doctor(tinygrade, user):
    code, text = tinygrade("doctor", user=user)
    assert code == 0, text
    assert re.search(r"^isolation +strong$", text, re.M)
    workers = "a user that owns nothing" if user is None else "the same user"
    assert re.search(rf"^workers are +{workers}$", text, re.M)
    assert re.search(r"^scratch +(in memory, capped|on the disk, watched)", text, re.M)
    assert "advice" not in text


# ---- a machine that lacks a part ---------------------------------------------------------------------

LACKS = """

from tinygrade.hookspecs import hookimpl as _hookimpl


@_hookimpl
def tinygrade_register_sandboxes(register):
    from tinygrade.sandboxes.local import LocalSandbox

    for step in ("landlock", "seccomp"):
        register(f"no_{step}", lambda limits, step=step, without=(): LocalSandbox(limits, [step, *without]))

    class Uneven(LocalSandbox):
        # The canary is confined better than the workers after it.
        def isolation(self):
            found = super().isolation()
            self._without = ("landlock",)
            self._zygote.kill()
            self._zygote.wait()
            self._start_zygote()
            return found

    register("uneven", lambda limits, without=(): Uneven(limits))
"""


@pytest.fixture
def lacking(repository, tmp_path):
    """A course whose plugin brings sandboxes of machines that lack a part."""
    root = tmp_path / "course"
    shutil.copytree(repository / "assignments", root / "assignments")
    for name in ("reference", "student_template"):
        (root / name).symlink_to(repository / name)
    plugin = root / "assignments" / "course" / "__init__.py"
    plugin.write_text(plugin.read_text() + LACKS)
    return root / "assignments"


@needs_all
@pytest.mark.parametrize("step", ["landlock", "seccomp"])
def test_a_machine_that_lacks_a_part(check, repository, lacking, step):
    options = ("--course", str(lacking), "--sandbox", f"no_{step}", "-k", "census")
    run = check(repository / "reference", *options)
    assert run.exit_code == 0, run.text
    isolation = run.report["isolation"]
    assert isolation["level"] == "weak"
    assert f"isolation weak (missing: {isolation['missing'][0]}" in run.stdout
    refused = check(repository / "reference", *options, "--isolation", "strong")
    assert refused.exit_code == 4, refused.text
    assert refused.report is None
    assert "not graded, not zero" in refused.text
    assert isolation["missing"][0] in refused.text


@needs_all
def test_a_worker_that_is_confined_less_than_the_canary_is_our_fault(check, repository, lacking):
    options = ("--course", str(lacking), "--sandbox", "uneven", "--earlier", "released", "-k", "census or mask")
    run = check(repository / "reference", *options)
    assert run.exit_code == 4, run.text
    assert run.statuses() == {"grader_error"}
    assert "confined differently" in run.check("test_causal_mask")["message"]


def test_isolation_that_is_not_wanted_is_not_applied(check, repository):
    run = check(repository / "reference", "--isolation", "none", "-k", "census")
    assert run.exit_code == 0, run.text
    isolation = run.report["isolation"]
    assert isolation["level"] == "none"
    assert (isolation["landlock_abi"], isolation["seccomp"]) == (0, False)
    assert "read files" in isolation["missing"]
    assert "isolation none (missing: read files" in run.stdout
