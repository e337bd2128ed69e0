"""Every module imports without a warning, and the command line starts light."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

IMPORT_ALL = """
import importlib, pkgutil, tinygrade
for module in pkgutil.walk_packages(tinygrade.__path__, "tinygrade."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""
HELP = """
import runpy, sys
sys.argv = ["tinygrade", "--help"]
try:
    runpy.run_module("tinygrade", run_name="__main__", alter_sys=True)
except SystemExit as end:
    assert not end.code, end.code
heavy = [name for name in ("numpy", "pytest", "rich", "jsonschema") if name in sys.modules]
assert not heavy, heavy
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


def test_every_module_imports_without_a_warning():
    result = run("-W", "error", "-c", IMPORT_ALL)
    assert result.returncode == 0, result.stderr


def test_the_package_itself_imports_nothing_heavy():
    result = run("-c", "import sys, tinygrade; print({'numpy', 'pytest', 'click', 'rich'} & set(sys.modules))")
    assert result.stdout.strip() == "set()", result.stderr


@pytest.mark.skipif(not (ROOT / "tinygrade/__main__.py").exists(), reason="there is no command line yet")
def test_help_imports_nothing_heavy():
    result = run("-c", HELP)
    assert result.returncode == 0, result.stderr
    assert "Usage" in result.stdout


def test_public_names_are_complete_and_sorted():
    import tinygrade

    assert tinygrade.__all__ == sorted(tinygrade.__all__)
    assert all(hasattr(tinygrade, name) for name in tinygrade.__all__)
