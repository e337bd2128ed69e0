"""How a process of the trusted side starts, configured by nothing of a submission or the user, and how it ends."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

#: The folder that holds tinygrade comes last on sys.path, for an installation that was never installed.
_BOOTSTRAP = "import sys; sys.path.append(sys.argv[1]); "


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
