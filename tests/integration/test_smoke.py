"""A smoke check that can decide nothing any more does not run: a student whose first tasks are open must not wait."""

import shutil

import pytest

MORE = """

def test_more():
    from pathlib import Path
    Path({file!r}).write_text("ran")
"""


@pytest.mark.parametrize(("early", "ran"), [("return 1.0", True), ("raise NotImplementedError('A1.1')", False)])
def test_after_one_failure_the_others_are_left_out(forked_command, repository, tmp_path, early, ran):
    shutil.copytree(repository / "tests/courses/repro", tmp_path, dirs_exist_ok=True)
    (tmp_path / "student/pack/ops.py").write_text(f"def early():\n    {early}\n")
    seen = tmp_path / "seen.txt"
    with open(tmp_path / "assignments/one/smoke/test_smoke.py", "a") as file:
        file.write(MORE.format(file=str(seen)))
    done = forked_command(["check", "two", "--course", str(tmp_path / "assignments")], tmp_path / "student")
    assert done.returncode in (0, 1), done.stderr
    assert seen.exists() == ran
