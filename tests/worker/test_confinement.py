"""The whole confinement of one process: limits, order, what is applied, and errors that are not swallowed."""

import pytest

from tinygrade.worker import confinement, kernel, landlock, seccomp
from tinygrade.worker.canary import ACTS

needs_all = pytest.mark.skipif(not (landlock.abi() and seccomp.available()), reason="SKIPPED: no Landlock or seccomp")


def test_limits_cannot_be_raised_again(confined):
    code = """
import resource
MiB = 1 << 20
names = {"AS": 1024 * MiB, "DATA": 1024 * MiB, "FSIZE": 0, "NOFILE": 64, "CORE": 0, "MEMLOCK": 0, "MSGQUEUE": 0,
         "SIGPENDING": 64, "NPROC": 64, "CPU": 34}
hard = {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name))[1] for name in names}
result = [hard, names, outcome(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (65, 65))),
          resource.getrlimit(resource.RLIMIT_STACK)[0] <= 8 * MiB]
"""
    hard, wanted, raised, stack = confined(code)
    assert hard == wanted
    assert raised in ("ValueError", "EPERM")
    assert stack


@needs_all
def test_nothing_is_possible(confined):
    assert confined("result = canary.possible_acts()") == []


def test_what_is_left_out_is_possible_and_said(confined):
    code = "from dataclasses import asdict\nresult = [canary.possible_acts(), asdict(applied)]"
    possible, applied = confined(code, without=confinement.STEPS)
    assert set(possible) <= set(ACTS)
    assert {"read files", "create files", "network", "processes", "signals"} <= set(possible)
    assert (applied["landlock_abi"], applied["seccomp"], applied["uid_dropped"]) == (0, False, False)


@needs_all
@pytest.mark.parametrize(
    ("name", "call"), [("seccomp", "seccomp.restrict_self"), ("landlock", "landlock.restrict_self")]
)
def test_a_step_that_is_there_and_fails_is_an_error(confined, name, call):
    before = f"""
from tinygrade_worker import landlock, seccomp
from tinygrade_worker.confinement import ConfinementError
def fail(*args):
    raise OSError(22, "no")
{call} = fail
try:
    Confinement().apply({{"memory_mib": 1024, "cpu_seconds": 30, "scratch": None}}, os.getppid())
except ConfinementError as error:
    os.write(1, json.dumps(str(error)).encode())
    os._exit(0)
"""
    assert "no" in confined("result = None", before=before)


@pytest.mark.skipif(not kernel.KNOWN, reason="SKIPPED: needs Linux")
def test_a_process_whose_parent_is_gone_ends(confined):
    before = "parent = os.getppid\nos.getppid = lambda: parent() + 1"
    code = "result = 'lived'"
    assert confined(code) == "lived"
    text = f"{before}\nConfinement().apply({{'memory_mib': 1024, 'cpu_seconds': 30, 'scratch': None}}, parent())"
    assert confined(code, before=text, ends=1) is None
