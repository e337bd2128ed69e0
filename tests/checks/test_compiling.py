"""A package is compiled once, by a worker that runs nothing of it; whatever comes back is bytes or nothing."""

import numpy as np
import pytest

from tinygrade.checks.compiling import FROM_WORKER, code_for
from tinygrade.checks.package import Package
from tinygrade.model import Limits, Surface
from tinygrade.sandbox import WorkerTimeout
from tinygrade.worker.packing import packed, unpacked

#: Names and sizes that do not fit to each other, or to four bytes.
WRONG = [[["ops.py"], [5]], [["ops.py"], [True]], [["ops.py", "a.py"], [5, -1]], [["ops.py", "a.py"], [4]], [[4], [4]]]


class Compiler:
    """A worker that answers one request with `value`."""

    def __init__(self, value):
        self.value, self.requests, self.closed = value, [], False

    def ask(self, request, **_):
        self.requests.append(request["do"])
        if isinstance(self.value, Exception):
            raise self.value
        return self.value

    def close(self):
        self.closed = True


@pytest.fixture
def package(tmp_path):
    (tmp_path / "ops.py").write_text("x = 1\n")
    return Package("tinytorch", tmp_path, frozenset({"ops.py"}), Surface(), Limits())


def after_some_workers(package, value):
    worker = Compiler(value)
    found = [code_for(package, lambda cpu_seconds: worker) for _ in range(FROM_WORKER + 2)]
    return worker, found


def test_it_is_compiled_once_and_only_when_it_pays(package):
    worker, found = after_some_workers(package, {"value": packed({"ops.py": b"code"})})
    assert worker.requests == ["compile"]
    assert worker.closed
    told = [unpacked(code) for code in found]
    assert told == [{}] * (FROM_WORKER - 1) + [{"ops.py": b"code"}] * 3


@pytest.mark.parametrize(
    "answer",
    [
        *(WorkerTimeout("it hangs"), {}, {"error": {}}, {"value": None}, {"value": {}}, {"value": [1, 2, 3]}),
        {"value": packed({"other.py": b"code"})},
        *({"value": [*names_and_sizes, np.zeros(4, np.uint8)]} for names_and_sizes in WRONG),
        *({"value": [["ops.py"], [4], content]} for content in (np.zeros(4), np.zeros((2, 2), np.uint8), b"code")),
    ],
)
def test_anything_else_is_not_passed_on(package, answer):
    worker, found = after_some_workers(package, answer)
    assert [unpacked(code) for code in found] == [{}] * len(found)
    assert worker.closed
