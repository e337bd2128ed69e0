"""Long tests begin first, in every process of xdist."""

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import order

ROOT = Path(__file__).resolve().parents[1]
SHORT = [f"short{number}" for number in range(100)]
TESTS = """
import pytest

@pytest.fixture(autouse=True)
def told(request, worker_id):
    with open(worker_id, "a") as file:
        file.write(request.node.name + "\\n")

@pytest.mark.parametrize("number", range(40))
def test_short(number):
    pass

@pytest.mark.parametrize("number", range(3))
def test_long(number):
    pass
"""
CONFTEST = """
from tests import order
from tests.conftest import pytest_collection_modifyitems

order.LONG = ("test_it.py::test_long[2", "test_it.py::test_long")
"""


@pytest.mark.parametrize("processes", [1, 2, 3, 7])
def test_every_piece_begins_with_a_long_one(monkeypatch, processes):
    monkeypatch.setattr(order, "LONG", ("dearest", "long"))
    names = [*SHORT[:50], *(f"long{number}" for number in range(6)), *SHORT[50:], "dearest"]
    found = order.arranged(names, names, processes)
    assert sorted(found) == sorted(names)
    assert found[0] == "dearest"
    assert [name for name in found if name in SHORT] == SHORT
    starts = itertools.accumulate(order._pieces(len(names), processes), initial=0)
    assert not {found[start] for start in itertools.islice(starts, min(processes, 7))} & set(SHORT)


def test_more_long_ones_than_a_piece_holds(monkeypatch):
    monkeypatch.setattr(order, "LONG", ("long",))
    names = [f"long{number}" for number in range(5)]
    assert sorted(order.arranged(names, names, 2)) == names


def test_xdist_hands_them_out_like_that(tmp_path):
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:hypothesispytest", "-n", "2", "--dist", "worksteal"]
    environment = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        command, cwd=tmp_path, env={**environment, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    first, second = sorted((tmp_path / f"gw{number}").read_text().splitlines() for number in range(2))
    assert len(first) + len(second) == 43
    assert first[:2] == ["test_long[0]", "test_long[1]"]
    assert second[:2] == ["test_long[2]", "test_short[0]"]


def test_what_is_listed_is_there():
    for name in order.LONG:
        file, _, function = name.partition("::")
        function = function.partition("[")[0]
        assert re.search(rf"^def {function}", (ROOT / file).read_text(), re.MULTILINE), name
