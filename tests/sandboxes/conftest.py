"""A small package of a student, and real workers that load it."""

import os
from pathlib import Path

import pytest

from tinygrade.model import Limits
from tinygrade.sandboxes.local import LocalSandbox
from tinygrade.sandboxes.portable import PortableSandbox
from tinygrade.worker.packing import packed

PACKAGE = """
import os, sys, time

import numpy as np


def add(a, b):
    return a + b


def spin():
    while True:
        pass


def sleep():
    time.sleep(1000)


def end(code):
    os._exit(code)


def kill(number):
    os.kill(os.getpid(), number)


def chatter(size):
    line = "x" * 1023 + "\\n"
    for _ in range(size >> 10):
        sys.stdout.write(line)
        sys.stderr.write(line)
    return size


def say(text):
    print(text)
    os.write(2, b"and on stderr\\n")
    return len(text)


def say_and_spin(text):
    print(text)
    spin()


def lie(data):
    for fd in range(3, 20):
        try:
            os.write(fd, data.encode("latin-1"))
        except OSError:
            pass
    time.sleep(1000)


def nap():
    time.sleep(0.2)
    return 0


def forget_and_spin():
    import signal
    signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    spin()


def leave_behind():
    if os.fork() == 0:
        os.setsid()
        time.sleep(1000)
    return os.getpid()


def facts():
    return [dict(os.environ), os.getcwd(), sys.path, os.umask(0o077)]
"""


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "tinytorch"
    path.mkdir()
    (path / "main.py").write_text(PACKAGE)
    return path


@pytest.fixture(params=["local", "portable"])
def sandbox(request):
    """Each kind of sandbox in turn."""
    made = {"local": LocalSandbox, "portable": PortableSandbox}[request.param](Limits(output_kib=8))
    yield made
    made.close()


class Student:
    """A worker with the package loaded."""

    def __init__(self, worker, folder):
        self.worker = worker
        surface = {"tensor": "main.Tensor", "parameters": [], "names": {}}
        files = packed({path.name: path.read_bytes() for path in folder.glob("*.py")})
        self.ask("open", "tinytorch", str(folder), files, surface, [], packed({}))
        self.module = self.ask("module", "main")["value"]

    def ask(self, do, *args, cpu_seconds=5.0, **more):
        return self.worker.ask({"do": do, "args": list(args)}, cpu_seconds=cpu_seconds, **more)

    def call(self, function, *args, **more):
        """The data that this function of the package returns."""
        found = self.ask("get", self.module, function)["value"]
        reply = self.ask("call", found, list(args), {}, **more)
        return self.ask("fetch", reply["value"])["value"]


@pytest.fixture
def student_of():
    """`student_of(sandbox, folder)`: a fresh worker of this sandbox with the package."""
    return lambda sandbox, folder: Student(sandbox.open(cpu_seconds=30.0), folder)


@pytest.fixture
def start(sandbox, folder):
    """`start()`: a fresh worker with the package."""
    return lambda: Student(sandbox.open(cpu_seconds=30.0), folder)


@pytest.fixture
def open_files():
    """How many file descriptors this process has, at the moment of the call."""
    return lambda: len(os.listdir("/proc/self/fd"))


@pytest.fixture
def alive():
    """`alive(pid)`: does this process still run?"""

    def test(pid):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        return state != "Z"

    return test


@pytest.fixture
def processes():
    """How many processes descend from this one, at the moment of the call; zombies count."""

    def count(pid="self"):
        texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
        children = [word for text in texts for word in text.split()]
        return len(children) + sum(count(child) for child in children)

    return count
