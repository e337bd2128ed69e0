"""Landlock: what is not named cannot be opened, whichever version the kernel has."""

import ctypes
import sysconfig
from pathlib import Path

import pytest

from tinygrade.worker import landlock

needs_landlock = pytest.mark.skipif(not landlock.abi(), reason="SKIPPED: no Landlock here")


@pytest.mark.parametrize("version", range(1, 12))
def test_all_rights_that_a_version_knows_are_handled(version):
    """linux/landlock.h: 13 file rights in ABI 1, REFER with 2, TRUNCATE with 3, TCP with 4, IOCTL_DEV with 5, scopes
    with 6; later versions added none so far."""
    attributes = landlock._attributes(version)
    assert attributes.files.bit_length() == {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)
    assert attributes.files + 1 == 1 << attributes.files.bit_length()
    assert attributes.network == (3 if version >= 4 else 0)
    assert attributes.scopes == (3 if version >= 6 else 0)


def test_the_structures_have_the_kernels_layout():
    assert ctypes.sizeof(landlock._Attributes) == 24
    assert ctypes.sizeof(landlock._Beneath) == 12


def test_a_system_without_landlock_has_version_0(monkeypatch):
    monkeypatch.setattr(landlock.kernel, "KNOWN", False)
    assert landlock.abi() == 0


@pytest.mark.parametrize("name", ["ENOSYS", "EOPNOTSUPP", "EPERM"])
def test_a_kernel_that_refuses_has_version_0(monkeypatch, name):
    import errno

    def refuse(*args):
        raise OSError(getattr(errno, name), name)

    monkeypatch.setattr(landlock.kernel, "KNOWN", True)
    monkeypatch.setattr(landlock.kernel, "syscall", refuse)
    assert landlock.abi() == 0


FILES = """
import numpy, sysconfig, tempfile
stdlib = sysconfig.get_path("stdlib")
packages = os.path.dirname(os.path.dirname(numpy.__file__))
folder = os.environ.get("FOLDER") or "/tmp"
def opened(path, flags=os.O_RDONLY):
    return outcome(lambda: os.close(os.open(path, flags, 0o600)))
result = {
    "library": opened(stdlib + "/wave.py"),
    "listing": opened(stdlib + "/json", os.O_DIRECTORY),
    "numpy": opened(numpy.__file__),
    "null": opened("/dev/null", os.O_RDWR | os.O_CREAT | os.O_TRUNC),
    "passwd": opened("/etc/passwd"),
    "root": opened("/", os.O_DIRECTORY),
    "packages": opened(packages, os.O_DIRECTORY),
    "environ": opened(f"/proc/{os.getppid()}/environ"),
    "own environ": opened("/proc/self/environ"),
    "maps": opened("/proc/self/maps"),
    "create": opened("/tmp/tinygrade-test-new", os.O_WRONLY | os.O_CREAT),
    "nameless": opened("/tmp", os.O_WRONLY | os.O_TMPFILE),
    "write the library": opened(stdlib + "/wave.py", os.O_WRONLY),
    "empty the library": opened(stdlib + "/wave.py", os.O_RDWR | os.O_TRUNC),
    "remove": outcome(lambda: os.unlink(stdlib + "/wave.py")),
    "rename": outcome(lambda: os.rename(stdlib + "/wave.py", stdlib + "/wave2.py")),
    "folder": outcome(lambda: os.mkdir("/tmp/tinygrade-test-new")),
    "link": outcome(lambda: os.symlink("/", "/tmp/tinygrade-test-new")),
    "execute": outcome(lambda: os.execv("/bin/true", ["true"])),
}
"""
ALLOWED = {"library", "listing", "numpy", "null"}


@needs_landlock
@pytest.mark.parametrize("version", [1, 2, 3, 4, 5, 6, 7])
def test_only_what_is_named_can_be_opened(confined, version):
    """Also with the rights of older kernels, as far as this one is as new; seccomp is left out."""
    if version > landlock.abi():
        pytest.skip(f"SKIPPED: this kernel has Landlock {landlock.abi()} only")
    before = f"from tinygrade_worker import landlock\nlandlock.abi = lambda: {version}"
    found = confined(FILES, before=before, without=["seccomp"])
    assert {name for name, got in found.items() if got == "done"} == ALLOWED, found
    assert set(found.values()) <= {"done", "EACCES", "EXDEV", "EPERM", "EROFS"}, found


@needs_landlock
def test_network_and_signals(confined):
    code = """
import socket
def connect(family, address):
    with socket.socket(family) as made:
        made.connect(address)
result = [outcome(lambda: connect(socket.AF_INET, ("127.0.0.1", 9))),
          outcome(lambda: connect(socket.AF_UNIX, "\\0tinygrade-nobody")),
          outcome(lambda: os.kill(os.getppid(), 0))]
"""
    tcp, abstract, signal = confined(code, without=["seccomp"])
    if landlock.abi() >= 4:
        assert tcp == "EACCES"
    if landlock.abi() >= 6:
        assert (abstract, signal) == ("EPERM", "EPERM") or abstract == "ECONNREFUSED", (abstract, signal)
        assert signal == "EPERM"


@needs_landlock
def test_a_thread_that_runs_already_is_an_error(confined):
    before = """
import threading, time
threading.Thread(target=time.sleep, args=[60], daemon=True).start()
from tinygrade_worker.confinement import ConfinementError
try:
    Confinement().apply({"memory_mib": 1024, "cpu_seconds": 30}, os.getppid())
except ConfinementError as error:
    os.write(1, json.dumps(str(error)).encode())
    os._exit(0)
"""
    assert confined("result = None", before=before) == "a thread was started before the confinement"


LAZY = ("numpy.fft", "numpy.random", "numpy.linalg", "numpy.polynomial", "numpy.ma", "numpy.testing", "numpy.rec")
LIBRARY = ("ctypes", "sqlite3", "decimal", "ssl", "zlib", "lzma", "bz2", "hashlib", "unittest", "asyncio", "zoneinfo")


@needs_landlock
def test_student_code_can_import_the_library_and_numpy(confined):
    code = f"""
import importlib
result = {{name: outcome(lambda: importlib.import_module(name)) for name in {LAZY + LIBRARY}}}
"""
    before = f"""
import importlib.util
missing = [name for name in {LIBRARY} if importlib.util.find_spec("_" + name) is None]
"""
    found = confined(code, before=before)
    wrong = {name: got for name, got in found.items() if got != "done" and not _absent(name)}
    assert not wrong


def _absent(name):
    """Some builds of Python lack optional modules."""
    try:
        __import__(name)
    except ImportError:
        return True
    return False


@needs_landlock
def test_numpy_computes_in_a_confined_process(confined):
    code = """
import numpy as np
rng = np.random.default_rng(3)
a = rng.normal(size=(64, 64))
u, s, v = np.linalg.svd(a)
result = [float(abs(u * s @ v - a).max()), float(abs(np.fft.ifft(np.fft.fft(a)) - a).max()), len(str(a))]
"""
    error, other, text = confined(code)
    assert error < 1e-10
    assert other < 1e-10
    assert text


@needs_landlock
def test_no_file_of_the_grader_or_its_dependencies_can_be_read(confined):
    packages = Path(sysconfig.get_path("purelib"))
    here = Path(landlock.__file__)
    files = [packages / name / "__init__.py" for name in ("pluggy", "pytest", "click", "rich", "numpy")]
    ours = [here, here.parents[2] / "reference/tinytorch/transformer.py", __file__]
    paths = [str(path) for path in (*files, *ours) if Path(path).exists()]
    assert len(paths) == 8
    found = confined(f"result = {{p: outcome(lambda: open(p).close()) for p in {paths}}}")
    assert [path for path, got in found.items() if got == "done"] == [str(packages / "numpy" / "__init__.py")]
