"""Correct submissions in other styles: full marks, and nothing that is right is blamed."""

from pathlib import Path

import pytest

RIGHT = sorted(path for path in (Path(__file__).parents[1] / "submissions" / "right").iterdir() if path.is_dir())


@pytest.mark.parametrize("folder", RIGHT, ids=lambda path: path.name)
@pytest.mark.parametrize("policy", ["own", "auto"])
def test_full_marks(check, folder, policy):
    run = check(folder, "--earlier", policy)
    assert run.lost() == {}, run.text
    assert run.report["score"] == 100
    assert run.exit_code == 0
    assert {swap["source"] for swap in run.report["swaps"]} == {"own"}


def test_there_are_several():
    assert len(RIGHT) >= 4
