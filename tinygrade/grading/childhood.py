"""How a process of the trusted side starts, configured by nothing of a submission or the user, and how it ends."""

from __future__ import annotations

import functools
import importlib
import os
import signal
import sys
from pathlib import Path

#: The folder that holds tinygrade comes last on sys.path, for an installation that was never installed.
_BOOTSTRAP = "import sys; sys.path.append(sys.argv[1]); "
#: Packages whose modules a grading imports; of these all are loaded.
PACKAGES = ("tinygrade.checks", "tinygrade.sandboxes", "tinygrade.loaders", "tinygrade.diagnosis", "tinygrade.worker")
#: Modules that start something when they are imported.
_NOT = ("__main__",)


def command(code: str, *args: str) -> list[str]:
    """Run `code` with `args` at the end of `sys.argv`; neither the current nor the user's folder is importable."""
    return [sys.executable, "-P", "-s", "-c", _BOOTSTRAP + code, str(Path(__file__).parents[2]), *args]


def environment() -> dict[str, str]:
    """The user's environment without what configures Python or pytest, and with one thread for numpy."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST"))}
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
    return {**kept, **threads, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONUTF8": "1"}


def die_with(parent: int) -> None:
    """When the command is killed, so is this process, and with it the zygote and every worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command decides what an interrupt means
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # it died before that
            sys.exit(1)


@functools.cache
def preload() -> None:
    """Import what a grading needs; once, also for all forks of this process."""
    import pkgutil

    import numpy.random  # noqa: F401
    import pytest  # noqa: F401
    from _pytest.config import default_plugins

    for name in default_plugins:
        importlib.import_module(f"_pytest.{name}")
    for package in PACKAGES:
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not module.name.endswith(_NOT):
                importlib.import_module(module.name)
