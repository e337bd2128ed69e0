"""The handouts say what assignment.toml, the marks and the fixtures say."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
ASSIGNMENTS = ROOT / "assignments"
GUIDE = (ASSIGNMENTS / "README.md").read_text("utf-8")
NAMES = sorted(path.parent.name for path in ASSIGNMENTS.glob("assignment*/README.md"))
every = pytest.mark.parametrize("name", NAMES)
#: Checks that no selection of a handout names: they are about everything, or follow from others.
UNNAMED = {"test_own_stack", "test_past"}


def handout(name: str) -> str:
    return (ASSIGNMENTS / name / "README.md").read_text("utf-8")


def settings(name: str) -> dict[str, Any]:
    return tomllib.loads((ASSIGNMENTS / name / "assignment.toml").read_text("utf-8"))


def tasks(text: str, name: str) -> set[str]:
    """Ids of the assignment's own tasks in a text, as the stubs write them."""
    return set(re.findall(rf'NotImplementedError\("(A{name[-1]}\.\d)', text))


def rows(text: str, heading: str) -> list[list[str]]:
    """Cells of the first table below the line `| heading |...`, without the heading."""
    lines = text[text.index(f"| {heading} |") :].splitlines()[2:]
    table = lines[: next((i for i, line in enumerate(lines) if not line.startswith("|")), len(lines))]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]


def test_there_are_several():
    assert {"assignment0", "assignment1", "assignment3"} <= set(NAMES)


@pytest.mark.parametrize("name", [name for name in NAMES if settings(name).get("surface", {}).get("parameters")])
def test_parameters_are_those_of_the_assignment(name):
    cells = rows(handout(name), "Name")
    told = {name.strip("`"): tuple(map(int, re.findall(r"\d+", shape))) for name, shape in cells}
    declared = {name: tuple(shape) for name, shape in settings(name)["surface"]["parameters"].items()}
    assert list(told.items()) == list(declared.items())


@every
def test_points_are_those_of_the_assignment(name):
    told = [(title, float(points)) for title, points, _ in rows(handout(name), "Group")]
    assert told == [(group["title"], group["points"]) for group in settings(name)["groups"]]


@pytest.mark.parametrize("name", [name for name in NAMES if "training" in settings(name)])
def test_the_budget_is_that_of_the_assignment(name):
    assert f"The budget is {settings(name)['training']['budget_seconds']} seconds of CPU time" in handout(name)


@every
def test_tasks_are_those_of_the_stubs_and_of_the_checks(name):
    files = [ROOT / "student_template" / "tinytorch" / file for file in settings(name)["files"]]
    stubs = tasks("".join(file.read_text("utf-8") for file in files), name)
    assert set(re.findall(rf"\*\*(A{name[-1]}\.\d)", handout(name))) == stubs
    checks = "".join(file.read_text("utf-8") for file in (ASSIGNMENTS / name).glob("test_*.py"))
    assert set(re.findall(rf'mark\.task\("(A{name[-1]}\.\d)', checks)) == stubs


@every
def test_the_handout_has_no_line_of_the_solution(name):
    lines = set()
    for file in settings(name)["files"]:
        source = (ROOT / "reference/tinytorch" / file).read_text("utf-8")
        for block in re.findall(r"# BEGIN SOLUTION.*?\n(.*?)# END SOLUTION", source, re.S):
            lines |= {line.strip() for line in block.splitlines() if len(line.strip()) > 20}
    assert lines
    assert not [line for line in lines if line in handout(name)]


@every
def test_every_selection_of_the_handout_selects_checks(check, repository, name):
    """The tasks' own `-k` expressions, each against a run of all checks by name."""
    expressions = re.findall(rf'^tinygrade check {name} -k "?([^"#\n]+?)"?(?: +#.*)?$', handout(name), re.M)
    everything = check(repository / "student_template", assignment=name).report["checks"]
    selected = set()
    for expression in expressions:
        for word in (word.strip() for word in expression.split(" or ")):
            found = {c["id"] for c in everything if word in c["id"] or word in c["group"]}
            assert found, f"-k {word!r} selects nothing"
            selected |= {id.split("::")[1] for id in found}
    if expressions:
        assert selected >= {c["id"].split("::")[1] for c in everything} - UNNAMED


def test_every_mark_is_told():
    from tinygrade.checks.marks import MARKS

    assert [name.strip("`") for name, _ in rows(GUIDE, "Mark")] == list(MARKS)


@pytest.mark.parametrize("file", ["tinygrade/checks/fixtures.py", "assignments/course/fixtures.py"])
def test_every_fixture_is_told(file):
    defined = re.findall(r"@pytest\.fixture.*?\ndef (\w+)", (ROOT / file).read_text("utf-8"))
    told = re.findall(r"^\| `(\w+)` \|", GUIDE, re.M)
    assert defined
    assert set(defined) <= set(told)


def test_every_key_is_told():
    from tinygrade import config

    told = set(re.findall(r"`\[*(?:surface\.)?(\w+)", GUIDE))
    tables = (config._COURSE, config._ASSIGNMENT, config._SURFACE, config._LIMITS, config._GROUP)
    assert {key for table in tables for key in table} <= told
