"""A course of two functions, a hidden check and a released solution, and its bundles, made once by the real command."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tinygrade.config import load_course

TINY = Path(__file__).resolve().parents[1] / "courses" / "release"
Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def command() -> Command:
    """`command(word, ..., cwd=folder)`: run tinygrade, as a user would."""

    def run(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-P", "-m", "tinygrade", *map(str, arguments)]
        return subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)

    return run


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory, command: Command) -> Path:
    """What `tinygrade release two` said (`said.txt`) and wrote (`out/`) once the solution of `one` was public."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder = shared / "release"
    with open(shared / "release.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one worker makes it, the others wait
        if not (folder / "said.txt").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            place = ("--course", TINY / "assignments", "--out", folder / "out")
            done = command("release", "two", *place, "--seeds", 2, "--today", "2027-02-01", cwd=folder)
            assert done.returncode == 0, done.stderr
            (folder / "said.txt").write_text(done.stdout + done.stderr)
    return folder


@pytest.fixture
def bundles(released: Path) -> Path:
    """The folder that was written. Nobody changes it."""
    return released / "out"


@pytest.fixture
def student(bundles: Path, tmp_path: Path) -> Path:
    """The student's bundle, unpacked somewhere else."""
    folder = tmp_path / "mine"
    shutil.unpack_archive(bundles / "student.zip", folder)
    return folder


@pytest.fixture
def solve(student: Path) -> Callable[..., None]:
    """`solve("first.py")`: write the solution into the student's folder."""

    def copy(*names: str) -> None:
        for name in names:
            shutil.copy(TINY / "reference" / "pack" / name, student / "pack" / name)

    return copy


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A copy of the course that a test may change: the folder of course.toml."""
    shutil.copytree(TINY, tmp_path / "tiny", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "tiny" / "assignments"


@pytest.fixture
def edit() -> Callable[[Path, str, str], None]:
    def change(file: Path, old: str, new: str) -> None:
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), "utf-8")

    return change


@pytest.fixture
def real_course(repository: Path):
    return load_course(repository / "assignments")


@pytest.fixture
def on_path() -> dict[str, str]:
    """An environment in which the commands `tinygrade` and `python` are those of these tests."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
