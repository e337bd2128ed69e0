"""Assignment 2 through the real command: full marks, none, and what each of many mistakes costs."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

Wrong = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
WRONG: dict[str, Wrong] = tomllib.loads((ROOT / "tests/submissions/wrong_assignment2.toml").read_text())
RIGHT = sorted(path for path in (ROOT / "assignments/correct").iterdir() if path.is_dir())


@pytest.fixture
def check(check):
    """The real command, on assignment 2."""
    return lambda folder, *options, **more: check(folder, *options, assignment="assignment2", **more)


def test_the_reference_has_full_marks(check, repository):
    run = check(repository / "reference")
    assert run.exit_code == 0, run.text
    assert run.report["score"] == run.report["max_score"] == 100
    assert run.statuses() == {"passed"}


@pytest.mark.parametrize("folder", RIGHT, ids=lambda path: path.name)
def test_other_styles_have_full_marks(check, folder):
    run = check(folder)
    assert run.lost() == {}, run.text
    assert {swap["source"] for swap in run.report["swaps"]} == {"own"}


#: Checks that reach a stub of another task first: matmul was begun in assignment 1, training starts with a layer.
FIRST_STUB = {"test_matmul": "A1.3", "test_matmul_gradient": "A1.3", "test_own_stack": "A1", "test_bigram": "A2.3"}


def test_the_template_has_none(check, repository):
    run = check(repository / "student_template")
    assert run.exit_code == 1, run.text
    assert run.report["score"] == 0
    assert run.statuses() == {"not_implemented"}
    assert re.search(r"next: A2\.1", run.stdout)
    for result in run.report["checks"]:
        assert result["message"].startswith(FIRST_STUB.get(result["id"].split("::")[1], result["task"])), result


def packed(wrong: dict[str, Wrong]) -> list[dict[str, Wrong]]:
    """As few submissions as possible: mistakes in different functions, seen by different checks."""
    groups: list[dict[str, Wrong]] = []
    for name, entry in wrong.items():
        for group in groups:
            if not any(_seen(entry) & _seen(other) for other in group.values()):
                group[name] = entry
                break
        else:
            groups.append({name: entry})
    return groups


def _seen(entry: Wrong) -> set[str]:
    """The checks that see the mistake, and the function that it is in."""
    before, found, _ = (ROOT / "reference/tinytorch" / entry["file"]).read_text().partition(entry["old"])
    assert found, entry
    functions = re.finditer(r"^ *(?:def|class) (\w+)", before, re.M)
    return {*entry["loses"], "{file} {place}".format(file=entry["file"], place=[f.start() for f in functions][-1])}


@pytest.mark.parametrize("wrong", packed(WRONG), ids=lambda group: f"{len(group)} mistakes, {next(iter(group))}")
def test_each_mistake_costs_its_own_points_and_no_others(check, variant, wrong):
    run = check(variant(*((entry["file"], entry["old"], entry["new"]) for entry in wrong.values())))
    expected = {f"test_{name}": points for entry in wrong.values() for name, points in entry["loses"].items()}
    assert {name: round(points, 3) for name, points in run.lost().items()} == expected, run.text
    assert run.statuses() <= {"passed", "partial", "failed"}
    assert "Traceback" not in run.text


def test_no_mistake_costs_half():
    # A step that cannot be taken at all stands at the end: everything that moves rests on it.
    assert max(sum(entry["loses"].values()) for entry in WRONG.values()) <= 16
