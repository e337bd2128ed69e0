"""An environment beside the one of the tests, in which a plugin can be installed and taken for anybody's."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest


class Environment:
    """A virtual environment that has all that the tests have, and what is put into it."""

    def __init__(self, root: Path) -> None:
        venv.create(root, with_pip=False)
        variables = {"base": str(root), "platbase": str(root)}
        self.packages = Path(sysconfig.get_path("purelib", "venv", variables))
        self.python = Path(sysconfig.get_path("scripts", "venv", variables)) / "python"
        # addsitedir also follows the .pth files there, by which an editable tinygrade is found
        (self.packages / "base.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")

    def __call__(self, *words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run this environment's Python."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PYTEST"))}
        command = [self.python, *map(str, words)]
        return subprocess.run(command, cwd=cwd, env=kept, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="session")
def make_environment(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Environment]:
    return lambda: Environment(tmp_path_factory.mktemp("environment") / "venv")


@pytest.fixture(scope="session")
def pip() -> Callable[[Environment, Path], None]:
    """Install a folder into an environment, with what is there: no network, no dependencies."""

    def install(environment: Environment, folder: Path) -> None:
        options = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")
        command = [sys.executable, "-m", "pip", "install", *options, "--target", environment.packages, folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr

    return install
