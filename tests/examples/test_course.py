"""The example course holds what a course must. Its gradings and its audit are commands of the instructor's guide, which
`tests/test_docs.py` runs."""

import subprocess
import sys


def test_its_template_is_that_of_its_solution(repository):
    command = [sys.executable, "-P", "-m", "tinygrade", "template", "--check", "--course", "examples/course"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

