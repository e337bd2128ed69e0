"""Which folders are readable: never installed packages, wherever an installation keeps them."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy
import pytest

from tinygrade.worker import landlock, readable


@pytest.fixture
def library(tmp_path):
    """A standard library's folder with these children."""

    def make(*names):
        for name in names:
            (tmp_path / name).mkdir(parents=True)
        (tmp_path / "os.py").touch()
        return tmp_path

    return make


def test_a_library_without_packages_is_allowed_as_a_whole(library):
    folder = library("json", "lib-dynload")
    assert list(readable.without_packages(folder)) == [folder]


@pytest.mark.parametrize("packages", ["site-packages", "dist-packages"])
def test_a_library_with_packages_is_allowed_child_by_child(library, packages):
    folder = library("json", "lib-dynload", packages)
    assert list(readable.without_packages(folder)) == [folder / n for n in ("json", "lib-dynload", "os.py")]


def test_nothing_that_is_allowed_contains_installed_packages():
    packages = [Path(path).resolve() for path in sys.path if Path(path).name in readable.PACKAGES]
    assert packages
    for path in readable.paths():
        for folder in packages:
            assert path.resolve() != folder
            assert path.resolve() not in folder.parents, f"{path} holds {folder}"


def test_numpy_is_allowed_and_its_neighbours_are_not():
    folder = Path(numpy.__file__).parent
    inside = {path.name for path in readable.paths() if path.parent == folder.parent}
    assert inside == {"numpy", "numpy.libs"}


def test_other_pythons_of_the_system_are_left_out(tmp_path, monkeypatch):
    for name in ("x86_64-linux-gnu", "python3", "python3.11", "pypy3", "gcc"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(readable, "SYSTEM", (str(tmp_path), str(tmp_path / "missing")))
    assert [path.name for path in readable.system_libraries()] == ["gcc", "x86_64-linux-gnu"]


def test_shared_libraries_only(tmp_path):
    for name in ("libpython3.11.so.1.0", "libblas.so", "notes.txt", "tinygrade.py"):
        (tmp_path / name).touch()
    assert [path.name for path in readable.shared_libraries(tmp_path)] == ["libblas.so", "libpython3.11.so.1.0"]


@pytest.fixture
def all_in_one(tmp_path):
    """An interpreter as in Docker images and pyenv: site-packages lies inside the standard library's folder."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    stdlib = Path(sysconfig.get_path("stdlib"))
    library = tmp_path / "lib" / version
    packages = library / "site-packages"
    packages.mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / version
    shutil.copy(os.path.realpath(sys.executable), python)
    for path in stdlib.iterdir():
        if path.name not in readable.PACKAGES:
            (library / path.name).symlink_to(path)
    for path in readable.shared_libraries(Path(sysconfig.get_config_var("LIBDIR"))):
        (tmp_path / "lib" / path.name).symlink_to(path)
    for path in (Path(numpy.__file__).parent, Path(numpy.__file__).parent.with_name("numpy.libs")):
        if path.exists():
            (packages / path.name).symlink_to(path)
    (packages / "grader.py").write_text("secret = 41\n")
    probe = "import sysconfig, numpy, grader; print(sysconfig.get_path('stdlib'), numpy.__file__)"
    done = subprocess.run([python, "-I", "-c", probe], capture_output=True, text=True, check=False)
    if done.returncode != 0 or not done.stdout.startswith(str(library)):
        pytest.skip(f"SKIPPED: this interpreter cannot be put together anew: {done.stdout}{done.stderr}")
    return python, packages


@pytest.mark.skipif(not landlock.abi(), reason="SKIPPED: no Landlock here")
def test_packages_inside_the_library_cannot_be_read(confined, all_in_one):
    python, packages = all_in_one
    code = f"""
import wave, numpy.fft
result = [outcome(lambda: open({str(packages / "grader.py")!r}).close()),
          outcome(lambda: os.listdir({str(packages)!r})),
          outcome(lambda: open(numpy.__file__).close())]
"""
    assert confined(code, python=str(python)) == ["EACCES", "EACCES", "done"]
