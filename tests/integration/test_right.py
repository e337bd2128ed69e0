"""Correct submissions in other styles: a mistake in an earlier assignment costs what it costs in any style.

That they have full marks and are called nothing: `test_audit.py`.
"""

import shutil
from pathlib import Path

import pytest

RIGHT = Path(__file__).parents[2] / "assignments" / "correct"

#: One mistake in an earlier assignment of each package: file, old, new.
MISTAKES = {
    "closures": ("functional.py", "0.044715", "0.44715"),
    "flat": ("_utils.py", "0.044715", "0.44715"),
    "functions": ("functional.py", "0.044715", "0.44715"),
    "loops": ("functional.py", "0.044715", "0.44715"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_in_an_earlier_assignment_costs_five_points_in_any_style(check, tmp_path, name):
    """Or, where the rest cannot be carried by solutions, what the mistake costs on the own stack: never all."""
    folder = tmp_path / name
    shutil.copytree(RIGHT / name, folder)
    file, old, new = MISTAKES[name]
    path = folder / "tinytorch" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    run = check(folder)
    released = {swap["source"] for swap in run.report["swaps"]} == {"released"}
    assert run.lost().get("test_own_stack") == 5
    assert run.report["score"] == 95 if released else run.report["score"] >= 60, run.text
