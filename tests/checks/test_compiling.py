"""A package is compiled once, by a worker that runs nothing of it; whatever comes back is bytes or nothing."""

import numpy as np
import pytest

from tinygrade.checks.compiling import FROM_WORKER, code_for
from tinygrade.checks.package import Package
from tinygrade.model import Limits, Surface
from tinygrade.sandbox import WorkerTimeout

CODE = np.frombuffer(b"code", np.uint8)


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
    worker, found = after_some_workers(package, {"value": {"ops.py": CODE}})
    assert worker.requests == ["compile"]
    assert worker.closed
    assert [bool(code) for code in found] == [False] * (FROM_WORKER - 1) + [True] * 3
    assert found[-1]["ops.py"] is CODE


@pytest.mark.parametrize(
    "answer",
    [
        *(WorkerTimeout("it hangs"), {}, {"error": {}}, {"value": None}, {"value": [CODE]}),
        *({"value": {"other.py": CODE}}, {"value": {"ops.py": "text"}}, {"value": {"ops.py": np.zeros(3)}}),
    ],
)
def test_anything_else_is_not_passed_on(package, answer):
    worker, found = after_some_workers(package, answer)
    assert found == [{}] * len(found)
    assert worker.closed
