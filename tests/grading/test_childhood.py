"""What a process of the trusted side loads when it starts."""

import subprocess
import sys

#: Modules of the standard library that Windows does not have.
NOT_ON_WINDOWS = ("fcntl", "termios", "resource", "pwd", "grp")
PRELOAD = f"""
import sys
sys.modules.update(dict.fromkeys({NOT_ON_WINDOWS}))
from tinygrade.grading.childhood import preload
preload()
"""


def test_everything_can_be_loaded_where_modules_of_posix_are_missing():
    # pytest itself is loaded before, with what it takes on this system.
    command = [sys.executable, "-c", f"import pytest, _pytest.pytester, subprocess, numpy.random\n{PRELOAD}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
