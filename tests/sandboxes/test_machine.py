"""The doctor's facts and its advice: for each thing that is missing, what to do."""

import sysconfig
from pathlib import Path

import pytest

from tinygrade.isolation import Isolation
from tinygrade.sandboxes import machine
from tinygrade.sandboxes.machine import Machine, advice, table


def here(system="Linux 6.18, x86_64", uid=1000, inside=False):
    return Machine(system, uid, Path("/usr/bin/python"), Path("/usr"), inside)


STRONG = Isolation("strong", (), 7, True, True)


def test_nothing_is_advised_where_nothing_is_missing():
    assert advice(here(), STRONG) == []
    assert advice(here(uid=0), STRONG) == []


@pytest.mark.parametrize(
    ("isolation", "uid", "told"),
    [
        (Isolation("weak", ("read files",), 0, True), 1000, "Linux 5.13"),
        (Isolation("strong", (), 3, True), 1000, "files only"),
        (Isolation("weak", ("network",), 7, False), 1000, "CONFIG_SECCOMP_FILTER"),
        (Isolation("strong", (), 7, True, False), 0, "ordinary user"),
        (Isolation("weak", ("processes",), 7, True), 1000, "SECURITY.md"),
    ],
)
def test_advice_for_what_is_missing(isolation, uid, told):
    found = advice(here(uid=uid), isolation)
    assert len(found) == 1
    assert told in found[0]


def test_other_systems_are_told_to_use_linux():
    found = advice(here("Darwin 24.1, arm64"), Isolation("none", ("read files", "network", "processes")))
    assert len(found) == 1
    assert "part of Linux" in found[0]


@pytest.mark.parametrize(
    ("isolation", "uid", "workers"),
    [
        (STRONG, 0, "a user that owns nothing"),
        (Isolation("strong", (), 7, True), 0, "root without any capability"),
        (Isolation("none", ("memory",), capabilities=True), 0, "root"),
        (Isolation("strong", (), 7, True), 1000, "the same user"),
    ],
)
def test_who_workers_are(isolation, uid, workers):
    assert dict(table(here(uid=uid), isolation))["workers are"] == workers


def test_this_machine():
    found = machine.look()
    assert found.packages_inside_stdlib == (sysconfig.get_path("stdlib") in sysconfig.get_path("purelib"))
    assert found.interpreter.exists()
    assert found.base.is_dir()
    assert set(machine.PROMISES) == {"strong", "weak", "none"}
