"""A package so small that it can be read at a glance, for the loops over autograd packages."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import tinygrade.worker
from tinygrade.checks.reference import ReferenceLibrary
from tinygrade.model import Surface as SurfaceTable
from tinygrade.worker.surface import Surface

MAIN = Path(tinygrade.worker.__file__).with_name("__main__.py")


class Tensor:
    """Knows multiplication by an array, so that d(x * k) = g * k."""

    def __init__(self, data, requires_grad=False, _parent=None, _factor=None):
        self.data = np.array(data, dtype=np.float64)
        self.requires_grad = requires_grad
        self.grad = None
        self._parent = _parent
        self._factor = _factor

    def __mul__(self, factor):
        return Tensor(self.data * factor, True, self, factor)

    def backward(self, g=None):
        self.grad = np.ones_like(self.data) if g is None else g
        if self._parent is not None:
            self._parent.backward(self.grad * self._factor)


class Leaf:
    def __init__(self, shape):
        self.weight = Tensor(np.zeros(shape), requires_grad=True)


class Model:
    """Parameters in attributes, a list, a tuple and dicts; one object twice, a cycle, and things to skip."""

    def __init__(self):
        self.head = Leaf((2, 3))
        self.blocks = [Leaf((1,)), (Leaf((2,)), Leaf(()))]
        self.table = {"a": Leaf((4,)), 7: Leaf((5,))}
        self.tied = self.head.weight
        self.me = self
        self.buffer = Tensor(np.zeros(9), requires_grad=False)
        self.rate = 0.1
        self.activation = np.tanh
        self.cls = Tensor


@pytest.fixture
def surface():
    return Surface(lambda: Tensor, ["head.weight", "blocks.1.0.weight"])


@pytest.fixture
def tensor():
    return Tensor


@pytest.fixture
def model():
    return Model()


CONFINED = """
import errno, importlib.util, json, os, sys
spec = importlib.util.spec_from_file_location("entry", sys.argv[1])
entry = importlib.util.module_from_spec(spec)
spec.loader.exec_module(entry)
entry.load_package()
from tinygrade_worker.confinement import Confinement
from tinygrade_worker import attempts, canary, privileges

def outcome(call):
    try:
        call()
    except OSError as error:
        return errno.errorcode[error.errno]
    except Exception as error:
        return type(error).__name__
    return "done"

without = json.loads(sys.argv[2])
{before}
applied = Confinement(without).apply({{"memory_mib": 1024, "cpu_seconds": 30, "scratch": None}}, os.getppid())
{code}
os.write(1, json.dumps(result).encode())
os._exit(0)
"""


@pytest.fixture
def confined():
    """`confined(code, ...)`: what `code` assigns to `result` in a process that has confined itself."""

    def run(code, *, before="", without=(), python=sys.executable, ends=0):
        text = CONFINED.format(before=textwrap.dedent(before), code=textwrap.dedent(code))
        command = [python, "-I", "-B", "-c", text, str(MAIN), json.dumps(list(without))]
        environment = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, capture_output=True, env=environment, cwd="/", timeout=60, check=False)
        assert done.returncode == ends, done.stderr.decode()
        return json.loads(done.stdout) if done.stdout else None

    return run


@pytest.fixture(scope="session")
def reference(repository):
    """The solved package behind handles, which runs the same loops in this process."""
    return ReferenceLibrary(repository / "reference" / "tinytorch", SurfaceTable())
